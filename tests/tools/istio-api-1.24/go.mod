module egressc.test/tools/istio-api-1.24

go 1.24.0

// The pin: the newest release before 1.27 that the module proxy has. It is read and not built.
require istio.io/api v1.24.2 // indirect
