"""python -m egressc"""

from egressc.cli import main

raise SystemExit(main())
