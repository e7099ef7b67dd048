// SPDX-License-Identifier: LGPL-2.1-or-later
// A file of blobs behind a header: what a device has packed, to be read by the same build on the
// same machine or one like it. Little endian; blobs begin at multiples of 64 bytes. Layout:
//   "NPUPACK1"; u64 bytes of the header; u64 number of blobs; for each {u64 bytes, u64 Adler-32};
//   the header's text; u64 Adler-32 of all before it; the blobs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "result.h"

namespace npu {

// Writes a file beside `path` and renames it, so that no reader ever sees half of one. Makes the
// folder. Errors: kIo; nothing is left then.
Result<void> write_packed_file(const std::filesystem::path& path, const std::string& header,
                               std::span<const std::span<const std::byte>> blobs);

// Not thread-safe.
class PackedFile {
 public:
  // Reads and checks all but the blobs. Errors: kNotFound, kIo, kBadModel (not such a file, or
  // damaged).
  static Result<PackedFile> open(const std::filesystem::path& path);
  PackedFile(PackedFile&& other) noexcept;
  PackedFile& operator=(PackedFile&&) = delete;
  ~PackedFile();

  const std::string& header() const { return header_; }
  size_t blobs() const { return blobs_.size(); }
  uint64_t blob_bytes(size_t index) const { return blobs_[index].bytes; }

  // Reads blob `index` < blobs(), and checks it. Errors: kIo, kBadModel (damaged, or not as long as
  // `out`).
  Result<void> read(size_t index, std::span<std::byte> out);

 private:
  struct Blob {
    uint64_t offset, bytes, checksum;
  };

  PackedFile(std::string path, int file) : path_(std::move(path)), file_(file) {}
  Result<void> read_directory();
  Result<void> read_at(uint64_t offset, std::span<std::byte> out);
  Error damaged(const char* expected) const;

  std::string path_;
  int file_;
  std::string header_;
  std::vector<Blob> blobs_;
};

}  // namespace npu
