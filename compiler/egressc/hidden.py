"""What no finding shows: passwords of URLs, and values that look like tokens."""

import re

# a whole value may have anything in its password; within a sentence a password ends where the word does
OF_A_URL = re.compile(r"://.*@", re.DOTALL)
OF_A_NAME = re.compile(r"(?<![^\s\"'\[{(,`])[^\s\"'@:/`]+:(?!//)[^\s`]*@")
IN_A_SENTENCE = re.compile(r"://[^\s`]*@")
LOGIN = re.compile(r"(?<=/)[^\s:/`@]*:[^\s`]*@(?=[\w-]+[.:])")
QUERY = re.compile(r"(://[^\s?`]*\?)[^\s`]+")
TOKEN = re.compile(
    r"(?<![A-Za-z0-9])("
    r"gh[oprsu]_\w{8,}|github_pat_\w{8,}|glpat-[\w-]{8,}|xox[a-z]-[\w-]{8,}|hf_\w{8,}|npm_\w{8,}|dop_v1_\w{8,}|"
    r"[rs]k[-_](live|test|proj|ant)[-_][\w-]{8,}|sk-\w{16,}|AKIA[0-9A-Z]{12,}|AIza[\w-]{16,}|SG\.[\w.-]{8,}|"
    r"shp(at|ca|pa|ss)_\w{8,}|eyJ[\w-]{6,}\.[\w.-]*|-----BEGIN [A-Z ]+-----|"
    r"(Bearer|Basic|Token) +(?=[^\s`]*[0-9=_])[^\s`]{6,})",
    re.IGNORECASE,
)
# webhooks of Slack, Discord, Microsoft, Zapier and Telegram, whose path is the password
IN_A_PATH = re.compile(
    r"(?<=/services/)T\w+/B\w+/\w+|(?<=/api/webhooks/)\d+/[\w-]+|(?<=/webhookb2/)[\w@-][\w@/-]*|"
    r"(?<=/hooks/catch/)\d+/\w[\w/]*|(?<=/bot)\d+:[\w-]+"
)
# pairs of a connection string
OF_A_PAIR = re.compile(
    r"(\b\w*(?:password|passwd|pwd|secret|token|accesskey|accountkey|api_?key|signature) *= *)[^;&\s`]+", re.IGNORECASE
)
SCHEME = re.compile(r"(Bearer|Basic|Token|Digest|ApiKey|Negotiate|AWS4-HMAC-SHA256) +\S", re.IGNORECASE)
# words that name a secret, also written together, as in apikey and sessionid
SECRET = re.compile(
    r"(access|api|app|auth|client|id|jwt|license|master|php|private|refresh|secret|sess(ion)?|shared|subscription)*"
    r"(auth(entication|orization)?|bearer|cookie|cred(ential)?|hmac|jwt|key|otp|pass(phrase|word|wd)|pin|pwd|secret|sess(ion)?|"
    r"sessid|sig(nature)?|sessionid|token)s?[0-9]*"
)
# a key that opens nothing, by the word before it
OPEN_KEY = re.compile(
    r"(cache|correlation|idempotency|message|object|partition|public|routing|shard|sort|surrogate|websocket)[-_]?keys?"
)


def value(text: str) -> str:
    """`text`, a whole value of a list, without what is secret in it."""
    return sentence(OF_A_NAME.sub("…@", OF_A_URL.sub("://…@", text)))


def sentence(text: str) -> str:
    """`text` of a finding without passwords and tokens that stand in it."""
    if "://" in text:
        text = QUERY.sub(r"\1…", IN_A_SENTENCE.sub("://…@", text))
    if "@" in text:
        text = LOGIN.sub("…@", text)
    if "=" in text:
        text = OF_A_PAIR.sub(r"\1…", text)
    return TOKEN.sub("…", IN_A_PATH.sub("…", text))


def is_token(text: str) -> bool:
    """Whether `text`, the value of a header, looks like a token."""
    return bool(TOKEN.match(text) or SCHEME.match(text))


def names_a_secret(header: str) -> bool:
    """Whether a header of this name is of a kind that carries a secret."""
    words = re.split(r"[-_.]", OPEN_KEY.sub("", header.lower()))
    return any(SECRET.fullmatch(word) for word in words)
