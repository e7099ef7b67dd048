// SPDX-License-Identifier: LGPL-2.1-or-later
// The small Whisper of the corpus whose width fits the array's tiles, with all its positions and
// its whole vocabulary, in the array's buffers and on its cores.
#include "array_model.h"
#include "corpus.h"
#include "kernel_test.h"
#include "model/model_file.h"
#include "random_network.h"

namespace npu::testing {
namespace {

class WideNetwork : public KernelTest {};

TEST_F(WideNetwork, EncodesAndDecodesAsTheFastPath) {
  if (corpus_folder().empty()) GTEST_SKIP() << "no corpus (-Dcorpus=PATH)";
  const auto file = open_model_file(corpus_folder() / "models/random/hf-wide-f16");
  ASSERT_TRUE(file) << file.error().message;
  const ModelDims& dims = (*file)->dims();
  auto lists = whisper_lists(dims, default_alignment_heads(dims));
  auto network =
      network_with_made_up_ranges(whole_network(lists), static_cast<size_t>(dims.width), **file, 1);
  ASSERT_TRUE(network) << network.error().message;
  lists.resize(kAlign + 1);
  ContextLimits limits;
  limits.max_rows = 16;
  ArrayModel model(lists, *std::move(network), limits);
  ASSERT_TRUE(model.ready());

  Random random(3);
  std::vector<float> mel(static_cast<size_t>(kWindowFrames * dims.mel_bands));
  for (float& x : mel) x = random.next();
  model.write_mel(kEncoder, mel);
  model.encode(kEncoder);
  model.encode(kCrossKv);
  const Row prompt[] = {{50258, 0, 0, 0}, {50259, 1, 0, 0}, {50359, 2, 0, 0}, {50363, 3, 0, 0}};
  model.step(kDecodeStep, prompt);
  for (int position = 4; position < 7; ++position) {
    const Row row{position * 7001, position, 0, 0};
    model.step(position == 6 ? kAlign : kDecodeStep, {&row, 1});
  }
  EXPECT_EQ(model.first_difference(), "");
  std::printf("%zu operations, %zu bytes compared\n", model.operations(), model.compared());
}

}  // namespace
}  // namespace npu::testing
