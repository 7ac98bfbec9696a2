#pragma once
// A secret in the forms in which programs print it, made by programs of others (Python's base64, urllib, json and html,
// bash's printf %q), and the pieces of it that must be found nowhere.
#include <QByteArray>
#include <QList>

#include <utility>

namespace bellwether::support {

inline const QByteArray canary = "c4nary/\xc3\xbc+9 'q\"$x&z";

inline const QList<std::pair<const char *, QByteArray>> canaryForms{
    {"plain", canary},
    {"base64", "YzRuYXJ5L8O8KzkgJ3EiJHgmeg=="},
    {"base64 for URLs", "YzRuYXJ5L8O8KzkgJ3EiJHgmeg=="},
    {"base64 behind one byte", "YWM0bmFyeS/DvCs5ICdxIiR4JnohIQ=="},
    {"base64 behind two bytes", "YWJjNG5hcnkvw7wrOSAncSIkeCZ6"},
    {"URL", "c4nary%2F%C3%BC%2B9%20%27q%22%24x%26z"},
    {"URL in lower case", "c4nary%2f%c3%bc%2b9%20%27q%22%24x%26z"},
    {"form", "c4nary%2F%C3%BC%2B9+%27q%22%24x%26z"},
    {"JSON", "c4nary/\xc3\xbc+9 'q\\\"$x&z"},
    {"JSON in ASCII", "c4nary/\\u00fc+9 'q\\\"$x&z"},
    {"shell in single quotes", "c4nary/\xc3\xbc+9 '\\''q\"$x&z"},
    {"shell by %q", "c4nary/\xc3\xbc+9\\ \\'q\\\"\\$x\\&z"},
    {"shell in double quotes", "c4nary/\xc3\xbc+9 'q\\\"\\$x&z"},
    {"hex", "63346e6172792fc3bc2b39202771222478267a"},
    {"XML", "c4nary/\xc3\xbc+9 &#x27;q&quot;$x&amp;z"},
    {"HTML", "c4nary/\xc3\xbc+9 &#39;q&quot;$x&amp;z"},
};

inline const QList<QByteArray> canaryPieces{"c4nary", "YzRuYXJ5L8O8", "0bmFyeS/DvCs5ICdx", "jNG5hcnkvw7wrOSAn", "63346e6172792f"};

// What is secret by its shape or by the name it is given to, and the piece that must not be seen.
inline const QList<std::pair<QByteArray, QByteArray>> secretShapes{
    {"x -----BEGIN OPENSSH PRIVATE KEY-----\nabcSECRET\nmoreSECRET\n-----END OPENSSH PRIVATE KEY----- y", "SECRET"},
    {"x -----BEGIN RSA PRIVATE KEY-----\\nabcSECRET\\n-----END RSA PRIVATE KEY-----", "SECRET"},
    {"AKIAIOSFODNN7EXAMPLE", "IOSFODNN7"},
    {"ghp_abcdefghijklmnopqrstuvwxyz0123456789", "abcdefghij"},
    {"xoxb-1234567890-abcdef", "1234567890"},
    {"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl", "eyJzdWIi"},
    {"postgres://app:hunter2@db/x", "hunter2"},
    {"DB_PASSWORD=hunter2", "hunter2"},
    {"export API_KEY='hunter2 and more'", "hunter2"},
    {"\"db_password\": \"hunter2 \\\" more\"", "hunter2"},
    {"{\\\"clientSecret\\\":\\\"hunter2\\\"}", "hunter2"},
    {"token: hunter2", "hunter2"},
    {"psql --password hunter2 app", "hunter2"},
    {"Authorization: Basic aHVudGVyMg==", "aHVudGVyMg"},
    {"Authorization: Bearer hunter2", "hunter2"},
};

} // namespace bellwether::support
