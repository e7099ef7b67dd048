// SPDX-License-Identifier: LGPL-2.1-or-later
// Whisper base on real speech in the array's buffers, on its cores: every activation, key, value
// and logit is that of precision=npu on the CPU.
#include "array_model.h"
#include "kernel_test.h"
#include "model/model_file.h"
#include "model/tokenizer.h"
#include "prepared_speech.h"

namespace npu::testing {
namespace {

class BaseNetwork : public KernelTest {};

TEST_F(BaseNetwork, EncodesAndDecodesAsTheFastPath) {
  if (base_model().empty()) GTEST_SKIP() << "no Whisper base (-Dmodel=PATH)";
  const auto speech = prepared_speech();
  ASSERT_TRUE(speech) << speech.error().message;
  const ModelDims& dims = (*speech)->dims;
  auto lists = whisper_lists(dims, default_alignment_heads(dims));
  lists.resize(kAlign + 1);
  ContextLimits limits;
  limits.max_rows = 16;
  ArrayModel model(lists, (*speech)->network, limits);
  ASSERT_TRUE(model.ready());

  model.write_mel(kEncoder, (*speech)->mel);
  model.encode(kEncoder);
  model.encode(kCrossKv);
  // English, without timestamps; then one row at a time, and the last step with alignment heads.
  const SpecialTokens tokens = special_tokens(dims.vocabulary);
  const Row prompt[] = {{tokens.start_of_transcript, 0, 0, 0},
                        {tokens.first_language, 1, 0, 0},
                        {tokens.transcribe, 2, 0, 0},
                        {tokens.no_timestamps, 3, 0, 0}};
  model.step(kDecodeStep, prompt);
  for (int position = 4; position < 7 && model.first_difference().empty(); ++position) {
    const std::vector<float>& logits = model.fast().results().back().full_row;
    const auto best = std::max_element(logits.begin(), logits.end()) - logits.begin();
    EXPECT_LT(best, tokens.end_of_text) << "expected speech to give text";
    const Row row{static_cast<int>(best), position, 0, 0};
    model.step(position == 6 ? kAlign : kDecodeStep, {&row, 1});
  }
  EXPECT_EQ(model.first_difference(), "");
  std::printf("%zu operations, %zu bytes compared\n", model.operations(), model.compared());
}

}  // namespace
}  // namespace npu::testing
