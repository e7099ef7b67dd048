// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <limits>

namespace npu {
namespace {

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

// Page-aligned part of the address range [begin, end): outwards or inwards.
struct Pages {
  std::uintptr_t begin;
  std::uintptr_t end;
};

Pages pages(std::span<const std::byte> part, bool outwards) {
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(part.data());
  const auto end = begin + part.size();
  const auto down = [page](std::uintptr_t address) { return address / page * page; };
  return outwards ? Pages{down(begin), down(end + page - 1)}
                  : Pages{down(begin + page - 1), down(end)};
}

void advise(const Pages& range, int advice) {
  if (range.begin >= range.end) return;
  // A hint only: failure changes nothing but speed.
  (void)madvise(reinterpret_cast<void*>(range.begin), range.end - range.begin, advice);
}

}  // namespace

Result<std::unique_ptr<MappedFile>> MappedFile::open(const std::string& path) {
  // O_NONBLOCK: a named pipe must be refused below, not waited for.
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) {
    const int error = errno;
    const bool missing = error == ENOENT || error == ENOTDIR;
    return Error{missing ? ErrorCode::kNotFound : ErrorCode::kIo,
                 text(path, ": cannot open: ", std::strerror(error))};
  }
  struct stat status {};
  if (fstat(file.get(), &status) != 0)
    return Error{ErrorCode::kIo, text(path, ": cannot examine: ", std::strerror(errno))};
  if (!S_ISREG(status.st_mode))
    return Error{ErrorCode::kIo, text(path, ": expected a regular file")};
  if (static_cast<uint64_t>(status.st_size) > std::numeric_limits<size_t>::max())
    return Error{ErrorCode::kIo, text(path, ": too large for this machine's address space")};
  const auto size = static_cast<size_t>(status.st_size);
  if (size == 0) return std::unique_ptr<MappedFile>(new MappedFile(path, {}));
  void* start = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (start == MAP_FAILED)
    return Error{ErrorCode::kIo, text(path, ": cannot map: ", std::strerror(errno))};
  return std::unique_ptr<MappedFile>(
      new MappedFile(path, {static_cast<const std::byte*>(start), size}));
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

void will_need(std::span<const std::byte> part) {
  if (!part.empty()) advise(pages(part, /*outwards=*/true), MADV_WILLNEED);
}

void done_with(std::span<const std::byte> part) {
  if (!part.empty()) advise(pages(part, /*outwards=*/false), MADV_DONTNEED);
}

Result<std::string> read_small_file(const std::string& path, size_t limit_bytes) {
  NPU_TRY_ASSIGN(const std::unique_ptr<MappedFile> file, MappedFile::open(path));
  const std::span<const std::byte> bytes = file->contents().bytes;
  if (bytes.size() > limit_bytes)
    return Error{ErrorCode::kBadModel,
                 text(path, ": expected at most ", limit_bytes, " bytes, found ", bytes.size())};
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

}  // namespace npu
