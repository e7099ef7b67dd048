// SPDX-License-Identifier: LGPL-2.1-or-later
// Files on the disk: reading, sums, copying, making sure that they are there to stay.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "models/catalogue.h"
#include "result.h"

namespace npu::models {

// Told how many bytes of a file are done.
using BytesDone = std::function<void(uint64_t done_bytes)>;

// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Descriptor& operator=(Descriptor&& other) noexcept;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

// An Error of kind kIo: "what path: the system's words for errno".
Error system_error(const std::string& what, const std::filesystem::path& path);

// A whole small file. Errors: kIo, kNotFound.
Result<std::string> read_file(const std::filesystem::path& path);
// Writes a small file and has it on the disk. Errors: kIo.
Result<void> write_file(const std::filesystem::path& path, const std::string& contents);
// Appends `from` to `to` (made if need be), which is then on the disk. Errors: kIo.
Result<void> append_file(const std::filesystem::path& from, const std::filesystem::path& to,
                         const BytesDone& done);
// Has a file, or the names in a folder, on the disk. Errors: kIo.
Result<void> sync_path(const std::filesystem::path& path);

// SHA-256 of a file, hexadecimal. Errors: kIo.
Result<std::string> file_sha256(const std::filesystem::path& path, const BytesDone& done);

// Compares size and digest. Errors: kNotFound (no such file), kIo, kBadModel (size or sum differ;
// says expected and found).
Result<void> check_file(const std::filesystem::path& path, const FileSpec& spec,
                        const BytesDone& done);

// Bytes that the user may still write where `folder` is. Errors: kIo.
Result<uint64_t> free_bytes(const std::filesystem::path& folder);

// "2309 bytes", "145 MB", "3.09 GB": decimal units, three digits.
std::string size_text(uint64_t bytes);

}  // namespace npu::models
