#include "metrics.h"

namespace bellwether::sample {

void Metrics::countRequest(const QString &path, int status, double seconds)
{
    const std::scoped_lock lock(m_mutex);
    ++m_requests[path][status];
    ++m_count;
    m_seconds += seconds;
    if (status >= 500)
        ++m_errors;
    for (size_t i = 0; i < bounds.size(); ++i) {
        if (seconds <= bounds[i])
            ++m_buckets[i];
    }
}

void Metrics::setRows(const QMap<QString, qint64> &rows)
{
    const std::scoped_lock lock(m_mutex);
    m_rows = rows;
}

QByteArray Metrics::text() const
{
    const std::scoped_lock lock(m_mutex);
    QString out = QStringLiteral("# HELP sample_requests_total Requests served.\n# TYPE sample_requests_total counter\n");
    for (auto path = m_requests.cbegin(); path != m_requests.cend(); ++path) {
        for (auto status = path->cbegin(); status != path->cend(); ++status)
            out += QStringLiteral("sample_requests_total{path=\"%1\",status=\"%2\"} %3\n")
                       .arg(path.key()).arg(status.key()).arg(status.value());
    }
    out += QStringLiteral("# HELP sample_errors_total Requests answered with 5xx.\n# TYPE sample_errors_total counter\n"
                          "sample_errors_total %1\n").arg(m_errors);
    out += QStringLiteral("# HELP sample_request_seconds Latency of requests.\n# TYPE sample_request_seconds histogram\n");
    for (size_t i = 0; i < bounds.size(); ++i)
        out += QStringLiteral("sample_request_seconds_bucket{le=\"%1\"} %2\n").arg(bounds[i]).arg(m_buckets[i]);
    out += QStringLiteral("sample_request_seconds_bucket{le=\"+Inf\"} %1\nsample_request_seconds_sum %2\n"
                          "sample_request_seconds_count %1\n").arg(m_count).arg(m_seconds);
    out += QStringLiteral("# HELP sample_rows Rows of customers' data.\n# TYPE sample_rows gauge\n");
    for (auto row = m_rows.cbegin(); row != m_rows.cend(); ++row)
        out += QStringLiteral("sample_rows{table=\"%1\"} %2\n").arg(row.key()).arg(row.value());
    return out.toUtf8();
}

} // namespace bellwether::sample
