// SPDX-License-Identifier: LGPL-2.1-or-later
// A cursor over the bytes of a model file that cannot leave them.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "model/mapped_file.h"
#include "result.h"

namespace npu {

static_assert(std::endian::native == std::endian::little, "model files are little endian");

// kBadModel with a message that names the file and the byte offset in it.
template <typename... Parts>
Error bad_file(const std::string& file, uint64_t offset, const Parts&... parts) {
  return Error{ErrorCode::kBadModel, text(file, ": at byte ", offset, ": ", parts...)};
}

// Reads little-endian values one after the other. Every error is kBadModel and says where, what
// was wanted and how many bytes are left.
class ByteReader {
 public:
  explicit ByteReader(const FileBytes& file) : file_(file) {}

  const std::string& file() const { return file_.name; }
  size_t offset() const { return offset_; }
  size_t left() const { return file_.bytes.size() - offset_; }

  // The next `count` bytes, borrowed. `what` names them in the error.
  Result<std::span<const std::byte>> bytes(uint64_t count, std::string_view what) {
    if (count > left())
      return error("expected ", count, " bytes of ", what, ", found ", left(),
                   " before the end of the file");
    const auto part = file_.bytes.subspan(offset_, static_cast<size_t>(count));
    offset_ += static_cast<size_t>(count);
    return part;
  }

  template <typename T>
  requires std::integral<T> || std::floating_point<T> Result<T> value(std::string_view what) {
    NPU_TRY_ASSIGN(const std::span<const std::byte> part, bytes(sizeof(T), what));
    T result;
    std::memcpy(&result, part.data(), sizeof result);
    return result;
  }

  // An error at the current offset.
  template <typename... Parts>
  Error error(const Parts&... parts) const {
    return bad_file(file_.name, offset_, parts...);
  }

 private:
  FileBytes file_;
  size_t offset_ = 0;
};

// `bytes` as text for a message: printable ASCII as it is, the rest as \xNN, at most 80 characters.
std::string printable(std::string_view bytes);

}  // namespace npu
