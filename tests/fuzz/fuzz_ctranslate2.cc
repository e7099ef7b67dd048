// SPDX-License-Identifier: LGPL-2.1-or-later
// Fuzzes model.bin of CTranslate2: the container, then what Whisper makes of it.
#include "fuzz.h"
#include "model/ctranslate2_file.h"
#include "model/ctranslate2_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const npu::FileBytes file = npu::fuzz::input(data, size);
  const auto container = npu::parse_ctranslate2(file);
  if (!npu::fuzz::accepted(container)) return 0;
  for (const auto& [name, tensor] : container->tensors) npu::fuzz::read(tensor);
  (void)npu::fuzz::accepted(npu::read_ctranslate2_model(file));
  return 0;
}
