// SPDX-License-Identifier: LGPL-2.1-or-later
// A small network's lists as instruction streams on the twin, against the same operations given to
// cores object by object. The twin refuses a stream that is right by luck only: a token too few, a
// descriptor rewritten too early.
#include "kernel_test.h"
#include "list_on_twin.h"
#include "predicted_streams.h"
#include "random_network.h"

namespace npu::testing {
namespace {

constexpr int kPositions = kFewerPositions[0];
enum : size_t { kListEncoder, kListCross, kListStep, kListAlign };

class StreamsOnTheTwin : public KernelTest {
 protected:
  void make(const ContextLimits& limits) {
    limits_ = limits;
    auto network = random_network(1);
    ASSERT_TRUE(network) << network.error().message;
    model_ = std::make_unique<ArrayModel>(small_lists(), *std::move(network), limits);
    ASSERT_TRUE(model_->ready());
  }

  void write_mel(uint64_t seed) {
    Random random(seed);
    std::vector<float> mel(size_t{2} * kPositions * 80);
    for (float& x : mel) x = random.next();
    model_->write_mel(kListEncoder, mel);
  }
  // On the cores alone.
  void encode(uint64_t seed, int slot) {
    write_mel(seed);
    model_->encode(kListEncoder);
    model_->encode(kListCross, slot);
  }
  void step(size_t list, std::span<const Row> rows) {
    run(list, rows, [&] { model_->step(list, rows); });
  }

  // The list on the twin, from the memory as it is before `on_cores` runs it on the cores.
  void run(size_t list, std::span<const Row> rows, const std::function<void()>& on_cores) {
    const auto made = ListOnTwin::make(*model_, limits_, list, rows, on_cores);
    ASSERT_TRUE(made) << made.error().message;
    twin::Array& array = list == kListEncoder || list == kListCross ? encoder_ : decoder_;
    TwinMemory memory(made->before());
    const twin::Report report = array.run(made->words(), memory.buffers());
    ASSERT_FALSE(report.fault) << made->name() << ": " << report.fault->message;
    EXPECT_EQ(made->difference(memory), "") << made->name();
    EXPECT_GT(made->compared_bytes(), 1000u);
    compare_predictions(report, made->recorded());
  }

  // What is predicted of a recorded stream is what is predicted of its run.
  static void compare_predictions(const twin::Report& report, const RecordedStream& recorded) {
    const auto of_run = twin::predict(report);
    const auto of_record = predicted_steps(recorded);
    ASSERT_EQ(of_run.size(), of_record.size());
    twin::Prediction run{}, record{};
    for (size_t i = 0; i < of_run.size(); ++i) {
      EXPECT_EQ(of_run[i].controller, of_record[i].time.controller) << i;
      EXPECT_EQ(of_run[i].streams, of_record[i].time.streams) << i;
      EXPECT_EQ(of_run[i].memory, of_record[i].time.memory) << i;
      run.cores += of_run[i].cores, record.cores += of_record[i].time.cores;
      run.total += of_run[i].total, record.total += of_record[i].time.total;
    }
    // A slice of an operation has its rounds; what the cores do in it is counted as an even share.
    EXPECT_NEAR(record.cores, run.cores, 0.01 * run.cores);
    EXPECT_NEAR(record.total, run.total, 0.01 * run.total);
  }

  ContextLimits limits_;
  std::unique_ptr<ArrayModel> model_;
  twin::Array encoder_{twin::Target{}, kernels::Program::kEncoder};
  twin::Array decoder_{twin::Target{}, kernels::Program::kDecoder};
};

TEST_F(StreamsOnTheTwin, EncodeAndDecodeOneSlot) {
  ContextLimits limits;
  limits.max_rows = 16;
  make(limits);
  write_mel(7);
  run(kListEncoder, {}, [&] { model_->encode(kListEncoder); });
  run(kListCross, {}, [&] { model_->encode(kListCross); });
  std::vector<Row> rows;
  for (int i = 0; i < 16; ++i) rows.push_back({i * 37 % 5000, i, 0, 0});
  step(kListStep, rows);
  for (int i = 0; i < 5; ++i) rows[static_cast<size_t>(i)].position = 16 + i;
  rows.resize(5);
  step(kListAlign, rows);
  const Row row{77, 21, 0, 0};
  step(kListStep, {&row, 1});
}

TEST_F(StreamsOnTheTwin, DecodeRowsOfSeveralSlots) {
  ContextLimits limits;
  limits.max_rows = 16;
  limits.self_slots = 3;
  limits.cross_slots = 2;
  make(limits);
  encode(7, 1);
  encode(8, 0);
  std::vector<Row> rows;
  for (int slot = 0; slot < 3; ++slot)
    for (int i = 0; i < 2 + slot; ++i) rows.push_back({slot * 900 + i * 37, i, slot, slot % 2});
  step(kListStep, rows);
  rows = {{4000, 2, 0, 0}, {77, 3, 1, 1}, {1234, 4, 2, 0}};
  step(kListAlign, rows);
}

// Rows of caches that lie one before the other are more descriptors than a shim has.
TEST_F(StreamsOnTheTwin, DecodeRowsOf16Slots) {
  ContextLimits limits;
  limits.max_rows = 16;
  limits.self_slots = 16;
  make(limits);
  encode(9, 0);
  std::vector<Row> rows;
  const int histories[] = {1, 3, 2, 5, 1, 4};
  for (int slot = 0; slot < 6; ++slot)
    for (int i = 0; i < histories[slot]; ++i) rows.push_back({slot * 77 + i, i, slot, 0});
  model_->step(kListStep, rows);
  rows.clear();
  for (int slot = 15; slot >= 0; --slot)
    rows.push_back({slot * 300, slot < 6 ? histories[slot] : 0, slot, 0});
  step(kListStep, rows);
}

}  // namespace
}  // namespace npu::testing
