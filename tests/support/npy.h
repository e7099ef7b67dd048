// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads .npy files of little-endian f32 in C order, as numpy writes them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace npu::testing {

struct Npy {
  std::vector<size_t> shape;  // empty if the file could not be read
  std::vector<float> values;
};

// Returns an empty Npy, which no comparison accepts, if `path` is anything else.
inline Npy read_npy(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  if (bytes.size() < 10 || bytes.compare(1, 5, "NUMPY") != 0) return {};
  const size_t header =
      static_cast<uint8_t>(bytes[8]) | static_cast<size_t>(static_cast<uint8_t>(bytes[9])) << 8;
  const std::string text = bytes.substr(10, header);
  if (text.find("'<f4'") == std::string::npos || text.find("False") == std::string::npos) return {};
  Npy npy;
  size_t elements = 1;
  for (size_t at = text.find('(') + 1; at < text.find(')');) {
    const size_t digit = text.find_first_of("0123456789)", at);
    if (text[digit] == ')') break;
    size_t length = 0;
    npy.shape.push_back(std::stoul(text.substr(digit), &length));
    elements *= npy.shape.back();
    at = digit + length;
  }
  if (bytes.size() != 10 + header + elements * sizeof(float)) return {};
  npy.values.resize(elements);
  std::copy(bytes.begin() + static_cast<long>(10 + header), bytes.end(),
            reinterpret_cast<char*>(npy.values.data()));
  return npy;
}

}  // namespace npu::testing
