// SPDX-License-Identifier: LGPL-2.1-or-later
// Whisper base on real speech on the NPU device, with the twin as its array: the encoder's result,
// keys, values and logits of precision=npu on the CPU, byte for byte.
#include "device_beside_model.h"
#include "kernel_test.h"
#include "model/tokenizer.h"
#include "prepared_speech.h"

namespace npu::testing {
namespace {

class BaseOnTheTwin : public KernelTest {};

TEST_F(BaseOnTheTwin, LeavesTheBytesOfTheCpu) {
  if (base_model().empty()) GTEST_SKIP() << "no Whisper base (-Dmodel=PATH)";
  const auto speech = prepared_speech();
  ASSERT_TRUE(speech) << speech.error().message;
  const ModelDims& dims = (*speech)->dims;
  auto lists = whisper_lists(dims, default_alignment_heads(dims));
  lists.resize(kAlign + 1);
  DeviceBesideModel both(lists, (*speech)->network);
  ASSERT_TRUE(both.ready());
  both.encode(kEncoder, kCrossKv, (*speech)->mel);
  // English, without timestamps; then one row at a time, and the last step with alignment heads.
  const SpecialTokens tokens = special_tokens(dims.vocabulary);
  const Row prompt[] = {{tokens.start_of_transcript, 0, 0, 0},
                        {tokens.first_language, 1, 0, 0},
                        {tokens.transcribe, 2, 0, 0},
                        {tokens.no_timestamps, 3, 0, 0}};
  both.step(kDecodeStep, prompt);
  for (int position = 4; position < 14; ++position) {
    EXPECT_LT(both.best_token(), tokens.end_of_text) << "expected speech to give text";
    const Row row{both.best_token(), position, 0, 0};
    both.step(position == 13 ? kAlign : kDecodeStep, {&row, 1});
  }
}

}  // namespace
}  // namespace npu::testing
