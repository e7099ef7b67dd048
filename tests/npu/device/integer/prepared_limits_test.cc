// SPDX-License-Identifier: LGPL-2.1-or-later
// What is prepared from Whisper base keeps to the kernels' limits.
#include "kernel_limits.h"
#include "prepared_speech.h"

namespace npu::testing {
namespace {

TEST(PreparedBase, KeepsToTheLimitsOfTheKernels) {
  if (base_model().empty()) GTEST_SKIP() << "no Whisper base (-Dmodel=PATH)";
  const auto speech = prepared_speech();
  ASSERT_TRUE(speech) << speech.error().message;
  const ModelDims& dims = (*speech)->dims;
  const size_t found = expect_within_limits((*speech)->network);
  // Of each encoder layer 6 products, 2 norms and an attention, of each decoder layer 10, 3 and 2;
  // the convolutions and the second one's way into the stream, the vocabulary, two norms.
  EXPECT_EQ(found, static_cast<size_t>(9 * dims.encoder_layers + 15 * dims.decoder_layers + 6));
  std::printf("%zu products, norms and attentions\n", found);
}

}  // namespace
}  // namespace npu::testing
