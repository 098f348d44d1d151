r"""Values that real systems trip over: one table, a row a kind.

An FC is made of layers, and each has values that it takes for something else: a serialiser makes
a date of a text, a logger hides what is called a password, a collation holds two names for one, a
column or a buffer ends. The contract knows no such values: a text comes back as it was sent, and
two names that differ are two.

A kind is given as a whole, from the plain to the strange, so that what is not listed is near to
what is. Values of a kind that something may hold for one stand beside each other. Every value is
one that the contract grants in any text of a body (section 1), and none is empty.
"""

from __future__ import annotations

import re
from typing import Final

from pt004_model.vocabulary import Decision, Event, GateStatus, Status

SIZES: Final = (
    16, 17, 20, 21, 32, 33, 36, 37, 50, 51, 63, 64, 65, 100, 101, 127, 128, 129, 200, 201, 255,
    256, 257, 500, 501, 512, 513, 1000, 1001, 1023, 1024, 1025, 2000, 2001, 2048, 2049, 4000,
    4001, 4095, 4096, 4097,
)  # fmt: skip
"""Lengths of texts that stores, columns and buffers end at, and the ones beside them."""
LARGE: Final = (66_000, 16_385, 8_193, 1_040_000, 262_145, 131_073, 32_768, 524_289)
"""Bytes of a body just over what buffers, brokers and columns hold, up to about 1 MiB."""
PAGES: Final = (1000, 10, 20, 25, 50, 100, 200, 250, 500)
"""Lengths of the pages in which lists are cut; a list is made one longer. The longest is first."""
_SEPARATORS: Final = (
    ":", "::", "/", "|", "||", ",", ", ", ";", ".", "-", "--", "_", "__", "#", "@", "=", "&", "+",
    "~", "!", "$", "%", "^", "*", "'", '"', "`", " ", "\t", "\n", "\r\n", "\0", "\x1e", "\x1f",
    "->", "=>", "><", "()", "\\", "\u00b7", "\u2028", "\uffff",
)  # fmt: skip


def _sized(size: int) -> str:
    """Return a text of a length; no two places in it are alike, and all begin alike."""
    return "".join(f"{number:04}." for number in range(size // 5 + 1))[:size]


KINDS: Final[dict[str, tuple[str, ...]]] = {
    # texts that look like another type
    "moments": (
        "2024-01-01T00:00:00Z", "2024-01-01", "2024-01-01T00:00:00.000Z",
        "2024-01-01T00:00:00+00:00", "2024-01-01T02:00:00+02:00", "2024-01-01 00:00:00",
        "2024-01-01T00:00", "2024-01-01t00:00:00z", "2024-01-01T00:00:00.123456789Z",
        "2024-01-01T00:00:00", "20240101T000000Z", "20240101", "2024-W01-1", "2024-001", "2024-01",
        "2016-12-31T23:59:60Z", "1970-01-01T00:00:00Z", "0001-01-01", "9999-12-31T23:59:59Z",
        "2024-02-30", "Mon, 01 Jan 2024 00:00:00 GMT", "Jan 1, 2024", "01/02/2024", "1.2.2024",
        "12:34:56", "24:00", "1704067200", "1704067200000", "1704067200.5", "P1DT2H", "PT0S", "30s",
        "1h30m", "now", "today", "/Date(1704067200000)/",
    ),
    "numbers": (
        "1", "01", "007", "0", "-0", "00", "+1", "-1", "1.0", "1.10", "1.", ".5", "1e5", "1E400",
        "1e-7", "0x1F", "0b1", "0o17", "010", "1_000", "1,000", "1.000,5", "1 000", "0.1",
        "0.30000000000000004", "9007199254740993", "12345678901234567890", "2147483648", "NaN",
        "Infinity", "-Infinity", "inf", "1/2", "50%", "\u0661\u0662", "\uff11", "\u00bd", "1L",
        "1f", "12e", "10KB", "$5.00", "5 \u20ac", "XIV",
    ),
    "truths": (
        "true", "True", "TRUE", "false", "False", "FALSE", "yes", "Yes", "no", "NO", "on", "On",
        "off", "OFF", "y", "Y", "n", "N", "t", "F", "enabled", "checked",
    ),
    "nothings": (
        "null", "NULL", "Null", "None", "nil", "undefined", "void", "N/A", "n/a", "NA", "#N/A", "-",
        "~", "\\N", "(null)", "<null>", "none", "empty", "[]", "{}", '""', "''", "unknown",
        "default", "anonymous", "0000-00-00",
    ),
    "ids": (
        "f81d4fae-7dec-41d0-a765-00a0c91e6bf6", "F81D4FAE-7DEC-41D0-A765-00A0C91E6BF6",
        "f81d4fae7dec41d0a76500a0c91e6bf6", "{f81d4fae-7dec-41d0-a765-00a0c91e6bf6}",
        "urn:uuid:f81d4fae-7dec-41d0-a765-00a0c91e6bf6", "00000000-0000-0000-0000-000000000000",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV", "507f1f77bcf86cd799439011", "127.0.0.1", "127.000.000.001",
        "::1", "0:0:0:0:0:0:0:1", "2001:DB8::1", "10.0.0.0/8", "00:1A:2B:3C:4D:5E",
        "A.B+c@Example.COM", "a.b@example.com", "HTTP://Example.com:80/a/../b?b=2&a=1#c",
        "http://example.com", "http://example.com/", "www.example.com", "example.com.",
        "xn--mnchen-3ya.de", "m\u00fcnchen.de", "mailto:a@b.c", "data:text/plain;base64,SGk=",
        "+1 (555) 010-0199", "+15550100199", "#FFF", "#ffffff", "en_US", "en-us", "Europe/Berlin",
        "EUR", "text/html; charset=UTF-8", "978-0-306-40615-7", 'W/"1"',
        "DE89 3704 0044 0532 0130 00",
    ),
    "versions": (
        "1.0.0", "v1.0.0", "1.0", "1", "1.10", "1.1", "1.0.0.0", "01.02.03", "1.2.3", "1.0.0-rc.1",
        "1.0.0-RC1", "1.0.0+5", "1.0.0-SNAPSHOT", "latest", "stable", "HEAD", "^1.0", "~1.0",
        ">=1,<2", "1.x", "1.*", "=1.0.0", "2024.1", "1.0-1", "1.0.post1", "V2",
    ),
    "encodings": (
        "SGVsbG8=", "SGVsbG8", "aGVsbG8_", "aGVsbG8/", "eyJhIjoxfQ==", "eyJhbGciOiJub25lIn0.e30.",
        "48656c6c6f", "0x48656c6c6f", "%41", "A", "a%20b", "a+b", "%2B", "%2520", "%", "%zz",
        "%E4", "&amp;", "&", "&lt;b&gt;", "&#65;", "&nbsp;", "&amp;amp;", "\\u0041", "\\x41", "\\n",
        "\\t", "\\\\", "\\", '\\"', "\\/", '"quoted"', "'quoted'", "`quoted`", "=?utf-8?B?SGk=?=",
        "=41=", "\u00c3\u00a9", "\u00e2\u0082\u00ac", "H4sIAAAAAAAA", "-----BEGIN", "+AGE-",
    ),
    "documents": (
        '{"a": 1}', '{"a":1}', "[1, 2]", "[]", '["a"]', '"text"', "{a: 1}", "{'a': 1}", "{",
        '{"$ref":"#"}', '{"a":1,"a":2}', "[object Object]", "a: 1", "- a", "a: &x [*x]", "---",
        "!!python/none", "a=1&b=2", "a=1", "a,b\n1,2", '"a","b"', "<a>1</a>", "<a/>",
        '<?xml version="1.0"?>', "<!DOCTYPE a>", "<![CDATA[a]]>", "# a", "**b**", "_b_",
        "[a](b)", "* a", "> a", "(1, 2)", "b'x'", 'O:1:"a":0:{}', "rO0ABQ==", "[a]\nb = 1", "// a",
        "/* a */", "\x1b[31ma", "$1", "1;2", "a\tb",
    ),
    # names that some layer treats specially
    "secrets": (
        "password", "PASSWORD", "Password", "passwd", "pwd", "pass", "passphrase", "secret",
        "secrets", "secretKey", "client_secret", "token", "access_token", "refreshToken",
        "id_token", "csrf_token", "api_key", "apiKey", "apikey", "API-KEY", "x-api-key",
        "private_key", "secret_access_key", "encryption_key", "key", "auth", "authorization",
        "Authorization", "bearer", "Bearer abcdef", "Basic YTpi", "cookie", "Set-Cookie", "session",
        "sessionid", "jwt", "otp", "pin", "cvv", "ssn", "credit_card", "cardNumber", "iban",
        "dob", "email", "phone", "signature", "hash", "salt", "credentials", "connection_string",
        "user_password", "db.password", "4111 1111 1111 1111", "4111111111111111", "123-45-6789",
        "http://user:pass@host/", "password=abc", "AKIAIOSFODNN7EXAMPLE", "certificate",
    ),
    "members": (
        "constructor", "__proto__", "prototype", "toString", "valueOf", "hasOwnProperty", "toJSON",
        "isPrototypeOf", "toLocaleString", "__defineGetter__", "then", "length", "name", "size",
        "call", "apply", "bind", "arguments", "caller", "__class__", "__init__", "__dict__",
        "__len__", "__name__", "__doc__", "__module__", "__getattr__", "__str__", "__eq__",
        "__hash__", "self", "this", "cls", "items", "keys", "values", "get", "set", "has", "pop",
        "update", "copy", "clear", "add", "delete", "count", "index", "format", "join", "map",
        "filter", "class", "def", "import", "lambda", "return", "function", "var", "new", "typeof",
        "in", "is", "if", "else", "for", "while", "with", "yield", "async", "Object", "Array", "id",
        "type", "hash", "equals", "getClass", "hashCode", "__typename", "_", "__", "___",
    ),
    "queries": (
        "select", "SELECT", "from", "where", "order", "group", "user", "table", "index", "primary",
        "limit", "and", "or", "not", "like", "drop", "'", "''", "a'b", 'a"b', "'; drop table a; --",
        "' or '1'='1", "'or'1'='1", '" or ""="', "1; select 1", "a'--", "a/*b*/", "a;b", "$where",
        "$gt", "$set", "$ref", "$id", "$type", "$oid", "$date", "$numberLong", "_id", "_type",
        "@type", "@id", "@context", "#text", "$schema", "$", "@", "a.b", "a[0]", "a.0", "a.$.b",
        "$.a", "$[0]", "/a/b", "~0", "~1", ":name", "?1", "@p1", "%s", "(&(a=b))", "*)(uid=*",
        "__all__", "__in", "a__gt", "a:>1", "a AND b", "fields", "filter", "sort", "page", "q",
    ),
    "paths": (
        ".", "..", "...", "../..", "../../etc/passwd", "/", "//", "/a", "a/", "a", "a/b", "a//b",
        "a/./b", "a/../b", "a\\b", "C:\\", "C:/a", "\\\\a\\b", "file:///a", "~", "~root", "con",
        "CON", "nul", "aux", "prn", "com1", "lpt1", "a.", "a.b", ".a", ".git", ".env", "index.html",
        "robots.txt", "a.json", "a.exe", "a:b", "a?b", "a#b", "a%2Fb", "a%00b", "-", "--", "-rf",
        "--help", "new", "all", "me", "api", "admin", "root", "system", "public", "internal",
        "search", "status", "health", "metrics", "runs", "workflows", "temp", "test", "$HOME",
    ),
    "own": (
        "run_id", "status", "current_step", "step_index", "steps", "workflow_id",
        "workflow_version", "tenant_id", "actor_id", "correlation_id", "created_at", "updated_at",
        "started_at", "completed_at", "receipt_chain", "workflow_receipt_hash", "receipt_hash",
        "previous_receipt_hash", "input_payload", "output_payload", "error_details", "metadata",
        "tags", "policy", "decision", "policy_id", "reason", "rules_triggered", "run", "logs",
        "gates", "detail", "details", "gate_id", "step_id", "log_id", "event_type", "timestamp",
        "message", "outcome", "data", "error", "code", "version", "step", "step_1", "start", "end",
        *map(str, (*Status, *Decision, *GateStatus, *Event)), "human_approval", "cancelled",
        "archived",
    ),
    "expressions": (
        "${a}", "${}", "$a", "$$", "$(a)", "${env:A}", "${a:-b}", "$${a}", "{{a}}", "{{ a }}",
        "{{}}", "{{{a}}}", "{a}", "{}", "{0}", "{{", "}}", "{%a%}", "{% if a %}", "{#a#}", "<%=a%>",
        "<%a%>", "#{a}", "@{a}", "%{a}", "&{a}", "[[a]]", "[a]", "%(a)s", "%s", "%d", "%n", "%%",
        "%a%", "!a!", "`a`", ":a", ":a:", "@a", "<a>", "<<a>>", "__a__", "~a~", "$1", "\\1", "$&",
        "!Ref a", "!include a", "=1+1", "=a()", "@SUM(1)", "+1+1", "$.a", "$[0]", "a()",
        "${jndi:a}", "#if", "@if(a)", "v-if", "ng-a", "${{ a }}", "{a:b}", "{a!r}", "$a$", "[%a%]",
    ),
    "markup": (
        "<script>a</script>", "<b>a</b>", "<br/>", "<a", "a>b", "<!--a-->", "]]>", "&copy;",
        "javascript:a", "a\" onclick=\"b", "<img src=a>", "</a>", "a\r\nB: c", "a\n\nb", "\x1b[31m",
        "\x07", "() { :; };", "$(a)", "a|b", "a;b", "a&&b", "!a", "'a", "=a", "\ta",
    ),
    # names that something holds for one
    "cases": (
        "name", "Name", "NAME", "nAME", "stepA", "stepa", "Step A", "step a", "\u00e9t\u00e9",
        "\u00c9T\u00c9", "stra\u00dfe", "STRASSE", "strasse", "i", "I", "\u0131", "\u0130", "s",
        "\u017f", "\u03c3", "\u03c2", "\u03a3", "k", "\u212a", "\u01c6", "\u01c5",
        "\u0448\u0430\u0433", "\u0428\u0430\u0433", "\u00e5", "\u212b",
    ),
    "blanks": (
        "b", "b ", " b", "b  ", "b\t", "\tb", "b\n", "\nb", "b\r\n", "b\u00a0", "\u3000b",
        "b\u200b", "\ufeffb", "b\0", "a b", "a  b", "a\u00a0b", "a\tb", "a\nb", "a\u200bb",
        "a\u00adb", "ab", "a\u2060b", "a\u200db", " ", "  ", "\t", "\n", "\u00a0", "\u2003",
        "\u200b", "\0", "b\x85", "b\u2028", "b\x0b", "b\x1c",
    ),
    "forms": (
        "\u00e9", "e\u0301", "e", "\u00e8", "\u1e69", "s\u0323\u0307", "\u212b", "\u00c5",
        "A\u030a", "\ufb01", "fi", "\u00df", "ss", "\u2460", "\u00b2", "2", "\uff21", "A", "\uff76",
        "\u30ab", "\u30cf\u309a", "\u30d1", "\u1112\u1161\u11ab", "\ud55c", "\u2126", "\u03a9",
        "\u0153", "oe", "\u00f8", "o", "\u0141", "L", "\u0430", "a", "\u0391", "\uff0d", "-",
        "\u3000", "\u33a1", "\u210c", "H", "\u0622", "\u0627\u0653", "\u0928\u093c", "\u0929",
        "\U0001d518", "U", "\u0345",
    ),
    "marks": (
        "c-d", "c_d", "c d", "cd", "cD", "c.d", "c/d", "c\u2010d", "c\u2011d", "c\u2013d",
        "c\u2014d", "c\u2212d", "c--d", "c__d", "user_id", "userId", "UserID", "user-id", "step-1",
        "step_1", "step 1", "step1", "step01", "step-01", "1", "01", "1.0", "'c'", "\u2019c\u2019",
        '"c"', "\u201cc\u201d", "c...", "c\u2026", "c!", "c?", "c", "c,", "c;", "(c)", "[c]", "#c",
        "@c",
    ),
    "patterns": (
        "a_b", "axb", "a%", "%", "_", "*", "a*", "**", "?", "a?b", ".*", "a.b", "a+", "^a", "a$",
        "[a]", "[abx]", "[a-z]", "(a|b)", "a|b", "a{1}", "\\d", "\\w+", "\\a", "a\\_b", "%25",
        "a/**", "*.*", "{a,b}", "!a", "~a", "#", "+", "a/+/b", ">", "all", "any", "/a/", "(?i)a",
        "%a%", "__",
    ),
    "beginnings": (
        "p", "pq", "pqr", "pqrs", "step_1", "step_10", "step_11", "step_100", "name", "name2",
        "names", "2name", "rename", "name.", "name-", "name:", "name/", "name#1",
        "name (1)", "name~1",
        *(f"{'p' * size}{end}" for size in (7, 8, 16, 32, 64, 100, 128, 255) for end in "qr"),
        *(f"{end}{'p' * size}" for size in (8, 16, 32, 64) for end in "qr"),
    ),
    "composites": tuple(
        text
        for number, each in enumerate(_SEPARATORS)
        for one, two, three in ("def" if number % 2 else "abc",)
        for text in (f"{one}{each}{two}", three, one, f"{two}{each}{three}")
    ),
    # texts that some layer cannot hold
    "letters": (
        "\u05d0\u05d1", "\u0627\u0644\u0639", "\u0e01\u0e33", "\u4f60\u597d", "\u20ac", "\u201c",
        "\U0001f600", "\U0001f469\u200d\U0001f469\u200d\U0001f467", "\U0001f44d\U0001f3fd",
        "\u2764\ufe0f", "\U0001f1e9\U0001f1ea", "1\ufe0f\u20e3", "\U0001f531", "\U0010ffff",
        "\U00020000", "\u202eab", "\u200fa", "a\u0300\u0301\u0302\u0303", "\u0300", "\ufdfa",
        "\ufffd", "\ufffe", "\uffff", "\ue000", "\x01", "\x08", "\x0c", "\x1f", "\x7f", "\x80",
        "\x9f", "\0a", "a\0b", "a\rb", "\u2028", "\u2029", "\u0085", "\u061c", "\U000e0041",
        "\u00ad", "\u00ff", "\u0100",
    ),
    "sizes": tuple(map(_sized, SIZES)),
}  # fmt: skip
"""The values by kind. Those of some kinds hold blanks and other letters and fit in no header."""

_LONGEST_NAME: Final = 300
_VISIBLE: Final = re.compile(rf"[!-~]{{1,{_LONGEST_NAME}}}")


def fits_header(value: str) -> bool:
    """Return whether a value may stand in a header: visible ASCII, short enough for any server."""
    return _VISIBLE.fullmatch(value) is not None


ACTORS: Final = tuple(
    dict.fromkeys(value for values in KINDS.values() for value in values if fits_header(value))
)
"""Names for actors: every value that fits a header."""
