// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/matroska_tags.h"

#include <fcntl.h>
#include <gst/gst.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <optional>
#include <string>
#include <system_error>

#include "gst_ptr.h"

namespace npu::subtitle {
namespace {

// Elements that lead to the text of a tag (RFC 9559).
constexpr std::array<uint64_t, 4> kContainers = {0x18538067, 0x1254C367, 0x7373, 0x67C8};
constexpr uint64_t kTagString = 0x4487;
constexpr uint64_t kMostText_bytes = 1 << 20;

struct Element {
  uint64_t id;
  uint64_t begin;  // of its contents
  uint64_t end;
};

class File {
 public:
  explicit File(const std::filesystem::path& path)
      : descriptor_(open(path.c_str(), O_RDWR | O_CLOEXEC)) {}
  ~File() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  bool is_open() const { return descriptor_ >= 0; }
  uint64_t size() const {
    const off_t end = lseek(descriptor_, 0, SEEK_END);
    return end < 0 ? 0 : static_cast<uint64_t>(end);
  }
  std::string read(uint64_t at, uint64_t bytes) const {
    std::string data(bytes, '\0');
    const ssize_t count = pread(descriptor_, data.data(), bytes, static_cast<off_t>(at));
    data.resize(count < 0 ? 0 : static_cast<size_t>(count));
    return data;
  }
  bool write(uint64_t at, const std::string& data) const {
    return pwrite(descriptor_, data.data(), data.size(), static_cast<off_t>(at)) ==
           static_cast<ssize_t>(data.size());
  }

 private:
  const int descriptor_;
};

// A number of 1 to 8 bytes; its leading zeros say how many. An id keeps the bit that ends them.
std::optional<uint64_t> take_number(std::string& data, bool is_id) {
  if (data.empty()) return std::nullopt;
  const auto first = static_cast<unsigned char>(data[0]);
  const auto length = static_cast<size_t>(std::countl_zero(first)) + 1;
  if (length > 8 || length > data.size()) return std::nullopt;
  uint64_t value = is_id ? first : first & (0xFFU >> length);
  for (size_t index = 1; index < length; ++index) {
    value = value << 8 | static_cast<unsigned char>(data[index]);
  }
  data.erase(0, length);
  return value;
}

std::optional<Element> element_at(const File& file, uint64_t at, uint64_t end) {
  constexpr uint64_t kMostHeader_bytes = 16;
  std::string header = file.read(at, std::min(kMostHeader_bytes, end - at));
  const size_t before = header.size();
  const auto id = take_number(header, true);
  const auto size = id ? take_number(header, false) : std::nullopt;
  const uint64_t begin = at + (before - header.size());
  // That includes an unknown size, which the muxer leaves only in what it has not finished.
  if (!size || *size > end - begin) return std::nullopt;
  return Element{*id, begin, begin + *size};
}

// The text that was serialised; nullopt if it was not.
std::optional<std::string> deserialised(const std::string& written) {
  if (written.size() < 2 || written.front() != '"' || written.back() != '"') return std::nullopt;
  GValue value = G_VALUE_INIT;
  g_value_init(&value, G_TYPE_STRING);
  std::optional<std::string> text;
  if (gst_value_deserialize(&value, written.c_str()) && g_value_get_string(&value)) {
    const gst::CharPtr again(gst_value_serialize(&value));
    if (again && written == again.get()) text = g_value_get_string(&value);
  }
  g_value_unset(&value);
  return text;
}

bool mend_text(const File& file, const Element& element) {
  const uint64_t room = element.end - element.begin;
  if (room > kMostText_bytes) return true;
  const std::string padded = file.read(element.begin, room);
  auto text = deserialised(padded.substr(0, padded.find('\0')));
  if (!text || text->size() > room) return true;
  text->resize(room, '\0');
  return file.write(element.begin, *text);
}

bool mend_between(const File& file, uint64_t at, uint64_t end) {
  while (at < end) {
    const auto element = element_at(file, at, end);
    if (!element) return true;
    const bool leads_on =
        std::find(kContainers.begin(), kContainers.end(), element->id) != kContainers.end();
    if (leads_on && !mend_between(file, element->begin, element->end)) return false;
    if (element->id == kTagString && !mend_text(file, *element)) return false;
    at = element->end;
  }
  return true;
}

}  // namespace

Done mend_tags(const std::filesystem::path& path) {
  const File file(path);
  if (file.is_open() && mend_between(file, 0, file.size())) return done();
  return Failure{ExitCode::kOutput,
                 "cannot write " + path.string() + ": " + std::generic_category().message(errno)};
}

}  // namespace npu::subtitle
