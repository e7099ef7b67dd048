// SPDX-License-Identifier: LGPL-2.1-or-later
// A small network in the array's buffers, on its cores: what precision=npu gives, bit for bit.
#include "array_model.h"
#include "kernel_test.h"
#include "random_network.h"

namespace npu::testing {
namespace {

constexpr int kPositions = kFewerPositions[0];
enum : size_t { kListEncoder, kListCross, kListStep, kListAlign };

class SmallNetwork : public KernelTest {
 protected:
  void make(const ContextLimits& limits) {
    auto network = random_network(1);
    ASSERT_TRUE(network) << network.error().message;
    model_ = std::make_unique<ArrayModel>(small_lists(), *std::move(network), limits);
    ASSERT_TRUE(model_->ready());
  }
  void encode(uint64_t seed, int slot) {
    Random random(seed);
    std::vector<float> mel(size_t{2} * kPositions * 80);
    for (float& x : mel) x = random.next();
    model_->write_mel(kListEncoder, mel);
    model_->encode(kListEncoder);
    model_->encode(kListCross, slot);
  }
  void TearDown() override {
    KernelTest::TearDown();
    if (!model_) return;
    EXPECT_EQ(model_->first_difference(), "");
    std::printf("%zu operations, %zu bytes compared\n", model_->operations(), model_->compared());
  }
  std::unique_ptr<ArrayModel> model_;
};

TEST_F(SmallNetwork, EncodesAndDecodesAsTheFastPath) {
  ContextLimits limits;
  limits.max_rows = 16;
  make(limits);
  encode(7, 0);
  // A prompt that leaves a block of keys half full, single rows across its end.
  std::vector<Row> rows;
  for (int i = 0; i < 16; ++i) rows.push_back({i * 37 % 5000, i, 0, 0});
  for (int first = 0; first < 62; first += 16) {
    for (int i = 0; i < 16; ++i) rows[static_cast<size_t>(i)].position = first + i;
    rows.resize(first == 48 ? 14 : 16);
    model_->step(kListStep, rows);
  }
  for (int position = 62; position < 67; ++position) {
    const Row row{position * 71, position, 0, 0};
    model_->step(position == 66 ? kListAlign : kListStep, {&row, 1});
  }
}

TEST_F(SmallNetwork, DecodesRowsOfSeveralSlotsAsTheFastPath) {
  ContextLimits limits;
  limits.max_rows = 16;
  limits.self_slots = 3;
  limits.cross_slots = 2;
  make(limits);
  encode(8, 1);
  encode(9, 0);
  std::vector<Row> rows;
  for (int slot = 0; slot < 3; ++slot)
    for (int i = 0; i < 2 + slot; ++i) rows.push_back({slot * 900 + i * 37, i, slot, slot % 2});
  model_->step(kListStep, rows);
  rows = {{4000, 2, 0, 0}, {77, 3, 1, 1}, {1234, 4, 2, 0}};
  model_->step(kListAlign, rows);
}

// Six heads on four columns: two of them are idle in the last round.
TEST_F(SmallNetwork, ComputesAtTheWidthOfTinyAsTheFastPath) {
  constexpr ModelDims kDims{80, 384, 6, 1, 1, 1000, 1536};
  auto lists = whisper_lists(kDims, {{0, 3}, {0, 5}});
  RandomWeights weights;
  auto network = network_with_made_up_ranges(whole_network(lists), size_t{kDims.width}, weights, 1);
  ASSERT_TRUE(network) << network.error().message;
  lists = {lists[list_on_positions(kEncoder, kPositions)],
           lists[list_on_positions(kCrossKv, kPositions)], lists[kDecodeStep], lists[kAlign]};
  ContextLimits limits;
  limits.max_rows = 16;
  limits.self_slots = 2;
  model_ = std::make_unique<ArrayModel>(lists, *std::move(network), limits);
  ASSERT_TRUE(model_->ready());
  encode(10, 0);
  Row rows[] = {{5, 0, 0, 0}, {700, 1, 0, 0}};
  model_->step(kListStep, rows);
  rows[0] = {6, 2, 0, 0};
  rows[1] = {999, 0, 1, 0};
  model_->step(kListAlign, rows);
}

}  // namespace
}  // namespace npu::testing
