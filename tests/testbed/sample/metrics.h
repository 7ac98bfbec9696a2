#pragma once
// What /metrics tells, in Prometheus' text format. Any thread.
#include <QMap>
#include <QString>

#include <array>
#include <mutex>

namespace bellwether::sample {

class Metrics {
public:
    void countRequest(const QString &path, int status, double seconds);
    void setRows(const QMap<QString, qint64> &rows);
    QByteArray text() const;

private:
    static constexpr std::array<double, 8> bounds{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0};
    mutable std::mutex m_mutex;
    QMap<QString, QMap<int, quint64>> m_requests; // path → status → count
    QMap<QString, qint64> m_rows;
    std::array<quint64, bounds.size()> m_buckets{}; // cumulative, as the format wants them
    quint64 m_count = 0, m_errors = 0;
    double m_seconds = 0;
};

} // namespace bellwether::sample
