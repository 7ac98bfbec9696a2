#pragma once
// Owners of libssh's and the system's handles.
#include <libssh/libssh.h>

#include <memory>
#include <unistd.h>
#include <utility>

namespace bellwether {

struct SshKeyFree {
    void operator()(ssh_key key) const { ssh_key_free(key); }
};
using SshKey = std::unique_ptr<ssh_key_struct, SshKeyFree>;

class FileDescriptor {
public:
    explicit FileDescriptor(int fd = -1) : m_fd(fd) {}
    FileDescriptor(FileDescriptor &&other) noexcept : m_fd(other.release()) {}
    FileDescriptor &operator=(FileDescriptor &&other) noexcept
    {
        std::swap(m_fd, other.m_fd);
        return *this;
    }
    ~FileDescriptor()
    {
        if (m_fd >= 0)
            ::close(m_fd);
    }
    int get() const { return m_fd; }
    int release() { return std::exchange(m_fd, -1); }
    void reset() { FileDescriptor().swap(*this); }
    void swap(FileDescriptor &other) { std::swap(m_fd, other.m_fd); }

private:
    int m_fd;
};

} // namespace bellwether
