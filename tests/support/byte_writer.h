// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes binary files for tests and remembers where each field lies, so that it can be broken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace npu::testing {

// One field of a written file.
struct Field {
  std::string name;
  size_t offset;
  size_t bytes;
};

struct WrittenFile {
  std::vector<std::byte> bytes;
  std::vector<Field> fields;  // in file order

  const Field& field(std::string_view name) const {
    for (const Field& field : fields)
      if (field.name == name) return field;
    std::abort();  // a mistake in the test
  }
  // Overwrites the start of a field.
  template <typename T>
  void set(std::string_view name, T value, size_t at = 0) {
    std::memcpy(bytes.data() + field(name).offset + at, &value, sizeof value);
  }
  std::string_view text() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
};

// A field without a name is written and forgotten.
class ByteWriter {
 public:
  template <typename T>
  void value(T value, std::string name) {
    raw({reinterpret_cast<const std::byte*>(&value), sizeof value}, std::move(name));
  }
  void chars(std::string_view chars, std::string name) {
    raw({reinterpret_cast<const std::byte*>(chars.data()), chars.size()}, std::move(name));
  }
  void raw(std::span<const std::byte> bytes, std::string name) {
    if (!name.empty()) file_.fields.push_back({std::move(name), file_.bytes.size(), bytes.size()});
    file_.bytes.insert(file_.bytes.end(), bytes.begin(), bytes.end());
  }
  WrittenFile take() { return std::move(file_); }

 private:
  WrittenFile file_;
};

}  // namespace npu::testing
