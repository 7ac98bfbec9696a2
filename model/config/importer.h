#pragma once
// Inventories that were written for other programs, read as hosts of ours. Readers are pure functions of the texts they
// are given; what a text refers to (Include, group_vars) comes through ImportFiles. Nothing is ever executed, expanded
// by a shell or looked up on a network. What is not taken over is listed with its place and the reason.
#include "base/error.h"
#include "base/fields.h"
#include "domain/installation.h"

#include <QByteArray>

namespace bellwether {

enum class ImportFormat { Fleet, SshConfig, Ansible, Csv };
BELLWETHER_ENUM(ImportFormat, "fleet", "ssh-config", "ansible", "csv")

struct FilesBelow {
    QStringList files; // in the order in which Ansible reads them: by name, a folder where its name stands
    QStringList left;  // links that lead elsewhere, what is no file, and what is beyond the limit
};

// Port: the files beside the one that is imported. Tests put memory in its place.
class ImportFiles {
public:
    virtual ~ImportFiles() = default;
    virtual Result<QByteArray> read(const QString &path) const = 0;         // FileUnreadable; FileTooLarge beyond 1 MiB
    virtual QStringList matching(const QString &pattern) const = 0;         // files, sorted; * ? [ ] as the shell's
    virtual FilesBelow filesBelow(const QString &folder, const QString &within) const = 0; // nothing hidden; no link leads out of `within` or `folder`
    virtual bool isFolder(const QString &path) const = 0;
    virtual QString resolved(const QString &path) const = 0;                // without links and ..; empty when absent
    virtual QString home() const = 0;
};

struct Skipped {
    QString where; // file:line
    QString what;  // as written, one short line
    QString why;
    bool operator==(const Skipped &) const = default;
    template<class V, class S> static void fields(V &&v, S &s) { v("where", s.where); v("what", s.what); v("why", s.why); }
};

struct ImportedHost {
    Installation host;
    QStringList stated; // the keys its source speaks of; the others keep what the inventory has
    bool whole = false; // a fleet file's entry: it replaces all of what was there
    QString where;      // file:line of its name
    bool addsGroups = false; // its groups are added to those that the inventory has
};

struct Import {
    ImportFormat format = ImportFormat::Fleet;
    QString source; // the file as named
    QList<ImportedHost> hosts;
    QList<Skipped> skipped;

    void skip(const QString &where, const QString &what, const QString &why); // shortened; at most 2000 are listed
    int unlisted = 0;
};

inline constexpr int kMostImportedHosts = 10'000;

// The text's format by its content. FileEmpty, ImportFormat, ImportSyntax (not UTF-8).
Result<ImportFormat> recogniseFormat(const QByteArray &text, const QString &name);

Result<Import> importSshConfig(const QByteArray &text, const QString &name, const ImportFiles &files);
Result<Import> importAnsible(const QByteArray &text, const QString &name, const ImportFiles &files);
Result<Import> importCsv(const QByteArray &text, const QString &name);
Result<Import> importText(const QByteArray &text, const QString &name, ImportFormat format, const ImportFiles &files);

// Reads and recognises. A name that stands in two files is DuplicateHost.
Result<QList<Import>> importPaths(const QStringList &paths, std::optional<ImportFormat> format, const ImportFiles &files);

class DiskFiles final : public ImportFiles {
public:
    explicit DiskFiles(const QString &home = {}); // empty: whoever runs the program
    Result<QByteArray> read(const QString &path) const override;
    QStringList matching(const QString &pattern) const override;
    FilesBelow filesBelow(const QString &folder, const QString &within) const override;
    bool isFolder(const QString &path) const override;
    QString resolved(const QString &path) const override;
    QString home() const override { return m_home; }

private:
    QString m_home;
};

} // namespace bellwether
