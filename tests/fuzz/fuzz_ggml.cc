// SPDX-License-Identifier: LGPL-2.1-or-later
// Fuzzes ggml files. Between header and tensors lie 50,256 tokens at least, behind which no small
// input would reach the tensors, so that each input is also read as tensor records alone: the first
// byte chooses the file's type.
#include "fuzz.h"
#include "model/ggml_model.h"
#include "model/ggml_tensors.h"

namespace {

constexpr npu::ModelDims kDims = {80, 64, 1, 1, 1, 51865, 256};
constexpr npu::TensorType kTypes[] = {
    npu::TensorType::kF32,  npu::TensorType::kF16,  npu::TensorType::kQ4_0, npu::TensorType::kQ4_1,
    npu::TensorType::kQ5_0, npu::TensorType::kQ5_1, npu::TensorType::kQ8_0};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const npu::FileBytes file = npu::fuzz::input(data, size);
  (void)npu::fuzz::accepted(npu::read_ggml_model(file));
  if (size == 0) return 0;
  const npu::FileBytes records{file.name, file.bytes.subspan(1)};
  const auto table =
      npu::read_ggml_tensors(npu::ByteReader(records), kDims, kTypes[data[0] % std::size(kTypes)]);
  if (!npu::fuzz::accepted(table)) return 0;
  for (const auto& [name, tensor] : *table) npu::fuzz::read(tensor.values);
  return 0;
}
