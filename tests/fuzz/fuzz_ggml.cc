// SPDX-License-Identifier: LGPL-2.1-or-later
// Fuzzes ggml files. The filter bank and the 50,256 tokens between header and tensors would make
// every input large and the tensors unreachable, so that each input is tried twice: as it is, and
// with a filter bank and empty tokens put in after the header.
#include <cstring>

#include "fuzz.h"
#include "model/ggml_model.h"

namespace {

constexpr size_t kHeaderBytes = 14 * 4;  // magic to filter bins
constexpr int32_t kTokens = 50257;

void parse(const npu::FileBytes& file) {
  const auto contents = npu::read_ggml_model(file);
  if (!npu::fuzz::accepted(contents)) return;
  for (const auto& [name, tensor] : contents->tensors) npu::fuzz::read(tensor.values);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const npu::FileBytes file = npu::fuzz::input(data, size);
  parse(file);
  if (size < kHeaderBytes) return 0;
  int32_t bands;
  std::memcpy(&bands, data + kHeaderBytes - 8, sizeof bands);
  if (bands != 80 && bands != 128) return 0;
  std::vector<std::byte> whole(file.bytes.begin(), file.bytes.begin() + kHeaderBytes);
  whole.resize(whole.size() + static_cast<size_t>(bands) * 201 * 4);
  const auto* count = reinterpret_cast<const std::byte*>(&kTokens);
  whole.insert(whole.end(), count, count + sizeof kTokens);
  whole.resize(whole.size() + kTokens * 4);
  whole.insert(whole.end(), file.bytes.begin() + kHeaderBytes, file.bytes.end());
  whole.shrink_to_fit();
  parse({"input", whole});
  return 0;
}
