// SPDX-License-Identifier: LGPL-2.1-or-later
#include "models/files.h"

#include <fcntl.h>
#include <glib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

namespace npu::models {
namespace {

constexpr size_t kChunkBytes = 1 << 20;

// Reads a file in chunks. `sink(data, size)` gives Result<void>.
template <typename Sink>
Result<void> for_each_chunk(const std::filesystem::path& path, const BytesDone& done, Sink sink) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return system_error("cannot open", path);
  std::vector<char> chunk(kChunkBytes);
  uint64_t total = 0;
  for (;;) {
    const ssize_t got = read(file.get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("cannot read", path);
    if (got == 0) return {};
    NPU_TRY(sink(chunk.data(), static_cast<size_t>(got)));
    total += static_cast<uint64_t>(got);
    if (done) done(total);
  }
}

Result<void> write_all(int fd, const char* data, size_t size, const std::filesystem::path& path) {
  while (size > 0) {
    const ssize_t put = write(fd, data, size);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return system_error("cannot write", path);
    data += put;
    size -= static_cast<size_t>(put);
  }
  return {};
}

Result<std::string> digest(const std::filesystem::path& path, GChecksumType type,
                           const std::string& head, const BytesDone& done) {
  const std::unique_ptr<GChecksum, decltype(&g_checksum_free)> sum(g_checksum_new(type),
                                                                   g_checksum_free);
  const auto update = [&](const char* data, size_t size) -> Result<void> {
    g_checksum_update(sum.get(), reinterpret_cast<const guchar*>(data), static_cast<gssize>(size));
    return {};
  };
  NPU_TRY(update(head.data(), head.size()));
  NPU_TRY(for_each_chunk(path, done, update));
  return std::string(g_checksum_get_string(sum.get()));
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) close(fd_);
}

Error system_error(const std::string& what, const std::filesystem::path& path) {
  const int code = errno;
  return Error{code == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
               text(what, " ", path.string(), ": ", std::strerror(code))};
}

Result<std::string> read_file(const std::filesystem::path& path) {
  std::string contents;
  NPU_TRY(for_each_chunk(path, nullptr, [&](const char* data, size_t size) -> Result<void> {
    contents.append(data, size);
    return {};
  }));
  return contents;
}

Result<void> write_file(const std::filesystem::path& path, const std::string& contents) {
  const Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!file) return system_error("cannot write", path);
  NPU_TRY(write_all(file.get(), contents.data(), contents.size(), path));
  if (fsync(file.get()) != 0) return system_error("cannot write", path);
  return {};
}

Result<void> append_file(const std::filesystem::path& from, const std::filesystem::path& to,
                         const BytesDone& done) {
  const Descriptor file(open(to.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!file) return system_error("cannot write", to);
  NPU_TRY(for_each_chunk(from, done, [&](const char* data, size_t size) {
    return write_all(file.get(), data, size, to);
  }));
  if (fsync(file.get()) != 0) return system_error("cannot write", to);
  return {};
}

Result<void> sync_path(const std::filesystem::path& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file || fsync(file.get()) != 0) return system_error("cannot write", path);
  return {};
}

Result<std::string> file_sha256(const std::filesystem::path& path, const BytesDone& done) {
  return digest(path, G_CHECKSUM_SHA256, "", done);
}

Result<void> check_file(const std::filesystem::path& path, const FileSpec& spec,
                        const BytesDone& done) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return system_error("cannot open", path);
  if (static_cast<uint64_t>(status.st_size) != spec.size_bytes) {
    return Error{ErrorCode::kBadModel,
                 text(spec.name, ": expected ", spec.size_bytes, " bytes, found ", status.st_size)};
  }
  const bool git = spec.sha256.empty();
  // git's sum of a file covers a head: "blob", its size, and a zero byte.
  const std::string head =
      git ? text("blob ", spec.size_bytes) + std::string(1, '\0') : std::string();
  NPU_TRY_ASSIGN(const std::string found,
                 digest(path, git ? G_CHECKSUM_SHA1 : G_CHECKSUM_SHA256, head, done));
  const std::string& expected = git ? spec.git_sha1 : spec.sha256;
  if (found != expected) {
    return Error{ErrorCode::kBadModel,
                 text(spec.name, ": expected ", git ? "git SHA-1 " : "SHA-256 ", expected,
                      ", found ", found)};
  }
  return {};
}

Result<uint64_t> free_bytes(const std::filesystem::path& folder) {
  struct statvfs status {};
  if (statvfs(folder.c_str(), &status) != 0) return system_error("cannot look at", folder);
  return static_cast<uint64_t>(status.f_bavail) * status.f_frsize;
}

std::string size_text(uint64_t bytes) {
  if (bytes < 10000) return text(bytes, " bytes");
  const char* unit = "kB";
  double value = static_cast<double>(bytes) / 1e3;
  for (const char* next : {"MB", "GB", "TB"}) {
    if (value < 999.5) break;
    value /= 1e3;
    unit = next;
  }
  char out[32];
  std::snprintf(out, sizeof out, "%.*f %s", value < 9.995 ? 2 : value < 99.95 ? 1 : 0, value, unit);
  return out;
}

}  // namespace npu::models
