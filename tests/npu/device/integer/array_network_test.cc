// SPDX-License-Identifier: LGPL-2.1-or-later
// Whisper base on real speech: the fast path equals the kernels in every byte of every activation
// and in every score, in all layers, on all positions.
#include "both_networks.h"
#include "kernel_test.h"
#include "model/tokenizer.h"
#include "prepared_speech.h"

namespace npu::testing {
namespace {

class ArrayNetworkOfBase : public KernelTest {};

TEST_F(ArrayNetworkOfBase, EqualsTheFastPath) {
  if (base_model().empty()) GTEST_SKIP() << "no Whisper base (-Dmodel=PATH)";
  const auto speech = prepared_speech();
  ASSERT_TRUE(speech) << speech.error().message;
  const ModelDims& dims = (*speech)->dims;
  auto lists = whisper_lists(dims, default_alignment_heads(dims));
  lists.resize(kAlign + 1);
  BothNetworks both(lists, (*speech)->network, 2);
  ASSERT_TRUE(both.ready());

  both.write_mel((*speech)->mel);
  both.run(kEncoder);
  std::printf("encoder: %zu operations, %zu of %zu bytes differ\n", both.operations(),
              both.differing(), both.compared());
  both.run(kCrossKv);
  // English, without timestamps; then one row at a time, and the last step with alignment heads.
  const SpecialTokens tokens = special_tokens(dims.vocabulary);
  const std::vector<Row> prompt = {{tokens.start_of_transcript, 0, 0, 0},
                                   {tokens.first_language, 1, 0, 0},
                                   {tokens.transcribe, 2, 0, 0},
                                   {tokens.no_timestamps, 3, 0, 0}};
  both.run(kDecodeStep, prompt);
  for (int position = 4; position < 7; ++position) {
    const Row row{both.best_token(), position, 0, 0};
    both.run(position == 6 ? kAlign : kDecodeStep, std::span(&row, 1));
    EXPECT_LT(both.best_token(), tokens.end_of_text) << "expected speech to give text";
  }
  std::printf("all: %zu operations, %zu of %zu bytes differ\n", both.operations(), both.differing(),
              both.compared());
}

}  // namespace
}  // namespace npu::testing
