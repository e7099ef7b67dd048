// SPDX-License-Identifier: LGPL-2.1-or-later
// A file mapped into memory for reading, and hints to the system about the use of its parts.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "result.h"

namespace npu {

// Bytes of a file, borrowed, and the name by which errors speak of it.
struct FileBytes {
  std::string name;
  std::span<const std::byte> bytes;
};

// Read-only and private; unmapped by the destructor. A file that somebody truncates while it is
// mapped raises SIGBUS on access, as with every mapping: writers must replace files, not rewrite
// them.
class MappedFile {
 public:
  // Errors: kNotFound; kIo (not a regular file, not readable, cannot be mapped).
  static Result<std::unique_ptr<MappedFile>> open(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  // Valid as long as the object; moving the owner does not move the bytes.
  FileBytes contents() const { return {path_, bytes_}; }

 private:
  MappedFile(std::string path, std::span<const std::byte> bytes)
      : path_(std::move(path)), bytes_(bytes) {}

  std::string path_;
  std::span<const std::byte> bytes_;
};

// Asks the system to read the pages of `part` ahead. `part` lies in a mapping or anywhere else.
void will_need(std::span<const std::byte> part);

// Tells the system that the pages wholly inside `part`, which must lie in a MappedFile, are done
// with: they leave the process's memory now, and are read again if touched again.
void done_with(std::span<const std::byte> part);

// Reads a whole small file. Errors: kNotFound; kIo; kBadModel (larger than `limit_bytes`).
Result<std::string> read_small_file(const std::string& path, size_t limit_bytes);

}  // namespace npu
