// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/packed_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace npu {
namespace {

namespace fs = std::filesystem;
using Bytes = std::span<const std::byte>;

constexpr char kMagic[8] = {'N', 'P', 'U', 'P', 'A', 'C', 'K', '1'};
constexpr uint64_t kAlignment = 64;
constexpr uint64_t kMostHeader = 16 << 20;
constexpr uint64_t kMostBlobs = 1 << 20;

struct Start {
  char magic[8];
  uint64_t header_bytes;
  uint64_t blobs;
};
struct DirectoryEntry {
  uint64_t bytes, checksum;
};

uint64_t aligned(uint64_t offset) {
  return (offset + kAlignment - 1) / kAlignment * kAlignment;
}

// Begins with adler32(0, nullptr, 0), which is 1.
uint64_t checksum(Bytes data, uint64_t before = 1) {
  if (data.empty()) return before;  // null would ask for the 1
  return adler32_z(static_cast<uLong>(before), reinterpret_cast<const Bytef*>(data.data()),
                   data.size());
}

Error io_error(const std::string& path, const char* what) {
  return {ErrorCode::kIo, text(path, ": cannot ", what, ": ", std::strerror(errno))};
}

// A file under another name, which goes unless it is kept.
class TemporaryFile {
 public:
  explicit TemporaryFile(const fs::path& beside) : path_(beside.string() + ".XXXXXX") {
    file_ = mkostemp(path_.data(), O_CLOEXEC);
  }
  ~TemporaryFile() {
    if (file_ < 0) return;
    close(file_);
    if (!kept_) unlink(path_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  bool open() const { return file_ >= 0; }
  const std::string& path() const { return path_; }

  bool write(Bytes data) {
    while (!data.empty()) {
      const ssize_t count = ::write(file_, data.data(), data.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return false;
      data = data.subspan(static_cast<size_t>(count));
      written_ += static_cast<uint64_t>(count);
    }
    return true;
  }
  bool pad() {
    const std::byte zeros[kAlignment] = {};
    return write(Bytes(zeros).first(aligned(written_) - written_));
  }
  bool keep_as(const fs::path& path) {
    kept_ = rename(path_.c_str(), path.c_str()) == 0;
    return kept_;
  }

 private:
  std::string path_;
  int file_;
  uint64_t written_ = 0;
  bool kept_ = false;
};

}  // namespace

Result<void> write_packed_file(const fs::path& path, const std::string& header,
                               std::span<const std::span<const std::byte>> blobs) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error)
    return Error{ErrorCode::kIo,
                 text(path.parent_path().string(), ": cannot make this folder: ", error.message())};
  TemporaryFile file(path);
  if (!file.open()) return io_error(file.path(), "create");
  Start start{{}, header.size(), blobs.size()};
  std::memcpy(start.magic, kMagic, sizeof kMagic);
  std::vector<DirectoryEntry> directory;
  for (const Bytes blob : blobs) directory.push_back({blob.size(), checksum(blob)});
  const Bytes parts[] = {std::as_bytes(std::span(&start, 1)), std::as_bytes(std::span(directory)),
                         std::as_bytes(std::span(header))};
  uint64_t sum = 1;
  bool good = true;
  for (const Bytes part : parts) {
    sum = checksum(part, sum);
    good = good && file.write(part);
  }
  good = good && file.write(std::as_bytes(std::span(&sum, 1)));
  for (const Bytes blob : blobs) good = good && file.pad() && file.write(blob);
  if (!good) return io_error(file.path(), "write");
  if (!file.keep_as(path)) return io_error(path.string(), "put the finished file there");
  return {};
}

PackedFile::PackedFile(PackedFile&& other) noexcept
    : path_(std::move(other.path_)),
      file_(std::exchange(other.file_, -1)),
      header_(std::move(other.header_)),
      blobs_(std::move(other.blobs_)) {}

PackedFile::~PackedFile() {
  if (file_ >= 0) close(file_);
}

Result<PackedFile> PackedFile::open(const fs::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    Error error = io_error(path.string(), "open");
    if (errno == ENOENT) error.code = ErrorCode::kNotFound;
    return error;
  }
  PackedFile opened(path.string(), file);
  NPU_TRY(opened.read_directory());
  return opened;
}

Error PackedFile::damaged(const char* expected) const {
  return {ErrorCode::kBadModel,
          text(path_, ": not a file of packed weights, or damaged: expected ", expected)};
}

Result<void> PackedFile::read_at(uint64_t offset, std::span<std::byte> out) {
  while (!out.empty()) {
    const ssize_t count = pread(file_, out.data(), out.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return io_error(path_, "read");
    if (count == 0) return damaged("more bytes");
    offset += static_cast<uint64_t>(count);
    out = out.subspan(static_cast<size_t>(count));
  }
  return {};
}

Result<void> PackedFile::read_directory() {
  struct stat status {};
  if (fstat(file_, &status) != 0) return io_error(path_, "examine");
  Start start{};
  NPU_TRY(read_at(0, std::as_writable_bytes(std::span(&start, 1))));
  if (std::memcmp(start.magic, kMagic, sizeof kMagic) != 0) return damaged("its magic number");
  if (start.header_bytes > kMostHeader || start.blobs > kMostBlobs)
    return damaged("a header of sensible size");
  std::vector<DirectoryEntry> directory(start.blobs);
  header_.resize(start.header_bytes);
  uint64_t sum = 0, offset = sizeof start;
  const std::span<std::byte> parts[] = {std::as_writable_bytes(std::span(directory)),
                                        std::as_writable_bytes(std::span(header_))};
  uint64_t expected = checksum(std::as_bytes(std::span(&start, 1)));
  for (const auto part : parts) {
    NPU_TRY(read_at(offset, part));
    expected = checksum(part, expected);
    offset += part.size();
  }
  NPU_TRY(read_at(offset, std::as_writable_bytes(std::span(&sum, 1))));
  if (sum != expected) return damaged("a header with the right checksum");
  offset += sizeof sum;
  const auto size = static_cast<uint64_t>(status.st_size);
  for (const DirectoryEntry& entry : directory) {
    offset = aligned(offset);
    if (offset > size || entry.bytes > size - offset) return damaged("all blobs inside the file");
    blobs_.push_back({offset, entry.bytes, entry.checksum});
    offset += entry.bytes;
  }
  if (offset != size) return damaged("the file to end with its last blob");
  return {};
}

Result<void> PackedFile::read(size_t index, std::span<std::byte> out) {
  const Blob& blob = blobs_[index];
  if (blob.bytes != out.size()) return damaged("a blob of the size that its shape needs");
  NPU_TRY(read_at(blob.offset, out));
  if (checksum(out) != blob.checksum) return damaged("a blob with the right checksum");
  return {};
}

}  // namespace npu
