// SPDX-License-Identifier: LGPL-2.1-or-later
// What the fast path gives has the same bits with any number of threads, on every instruction set
// that this CPU has, and for a row whatever other rows it is computed with.
#include <gtest/gtest.h>

#include <cstring>

#include "device/cpu/integer/program.h"
#include "device/cpu/mixed/dot.h"
#include "random_network.h"

namespace npu::testing {
namespace {

constexpr int kPositions = kFewerPositions[0];

std::shared_ptr<const quantised::Network> network() {
  static const auto made = [] {
    auto random = random_network(1);
    EXPECT_TRUE(random) << random.error().message;
    return std::make_shared<const quantised::Network>(*std::move(random));
  }();
  return made;
}

// What a program makes, of each operation in turn.
class Seen : public cpu::OpObserver {
 public:
  void observe(const Op& op, const Values& values) override {
    const auto add = [&](ValueId id) {
      const cpu::Matrix made = values(id);
      for (size_t r = 0; r < made.rows; ++r)
        floats_.insert(floats_.end(), made.row(r), made.row(r) + made.cols);
    };
    if (const auto* linear = std::get_if<Linear>(&op)) add(linear->out);
    if (const auto* norm = std::get_if<LayerNorm>(&op)) add(norm->out);
    if (const auto* full = std::get_if<Attention>(&op)) add(full->out);
    if (const auto* self = std::get_if<SelfAttention>(&op)) add(self->out);
    if (const auto* cross = std::get_if<CrossAttention>(&op)) add(cross->out);
  }
  std::vector<float> take() { return std::move(floats_); }

 private:
  std::vector<float> floats_;
};

class Runner {
 public:
  Runner(int threads, const cpu::DotVariant& dot) : pool_(threads) {
    const auto lists = small_lists();
    auto program =
        cpu::integer::IntegerProgram::compile(pool_, dot, lists, network(), {}, {}, &seen_);
    EXPECT_TRUE(program) << program.error().message;
    program_ = *std::move(program);
    ContextLimits limits;
    limits.max_rows = 70;
    limits.self_slots = 3;
    context_ = *program_->create_context(limits);
    Random random(7);
    std::vector<float> mel(size_t{2} * kPositions * 80);
    for (float& x : mel) x = random.next();
    EXPECT_TRUE(context_->write(kMelBuffer, mel));
    EXPECT_TRUE(context_->run(kEncoder, {}, {}, {}));
    EXPECT_TRUE(context_->run(kCrossKv, {}, {}, {}));
    encoded_ = seen_.take();
  }

  // Scores of all rows, then the alignment of each.
  std::vector<float> step(std::span<const Row> rows) {
    std::vector<ScoreRequest> requests(rows.size());
    std::vector<ScoreResult> results(rows.size());
    for (size_t r = 0; r < rows.size(); ++r) {
      requests[r].row = static_cast<int>(r);
      requests[r].full_row = true;
    }
    constexpr size_t kHeads = 3, kRoom = 1500;
    std::vector<float> alignment(kHeads * rows.size() * kRoom), out;
    Replay replay;
    replay.rows = rows;
    replay.score = requests;
    replay.results = results;
    replay.alignment = alignment;
    const auto ran = context_->run(kAlign, replay, {}, {});
    EXPECT_TRUE(ran) << ran.error().message;
    for (size_t r = 0; r < rows.size(); ++r) {
      out.insert(out.end(), results[r].full_row.begin(), results[r].full_row.end());
      for (size_t head = 0; head < kHeads; ++head) {
        const float* from = alignment.data() + (head * rows.size() + r) * kRoom;
        out.insert(out.end(), from, from + kRoom);
      }
    }
    return out;
  }
  const std::vector<float>& encoded() const { return encoded_; }
  std::vector<float> take_seen() { return seen_.take(); }

 private:
  Seen seen_;
  cpu::Pool pool_;
  std::unique_ptr<cpu::integer::IntegerProgram> program_;
  std::unique_ptr<Context> context_;
  std::vector<float> encoded_;
};

void expect_same(const std::vector<float>& a, const std::vector<float>& b) {
  ASSERT_EQ(a.size(), b.size());
  size_t changes = 0;
  for (size_t i = 1; i < a.size(); ++i) changes += a[i] != a[i - 1];
  ASSERT_GT(changes, a.size() / 8) << "hardly anything to compare";
  EXPECT_EQ(std::memcmp(a.data(), b.data(), a.size() * sizeof(float)), 0);
}

// Rows of a slot from position 0 on.
std::vector<Row> rows_of(int slot, int count) {
  std::vector<Row> rows;
  for (int i = 0; i < count; ++i) rows.push_back({(slot * 1000 + i * 37) % 5000, i, slot, 0});
  return rows;
}

class SameBits : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto dot = cpu::dot_variant();
    if (!dot) GTEST_SKIP() << dot.error().message;
    dot_ = *dot;
  }
  const cpu::DotVariant* dot_ = nullptr;
};

TEST_F(SameBits, WithAnyNumberOfThreads) {
  Runner one(1, *dot_), two(2, *dot_), five(5, *dot_);
  const auto rows = rows_of(0, 20);
  const auto expected = one.step(rows), seen = one.take_seen();
  for (Runner* other : {&two, &five}) {
    expect_same(other->encoded(), one.encoded());
    expect_same(other->step(rows), expected);
    expect_same(other->take_seen(), seen);
  }
}

TEST_F(SameBits, OnEveryInstructionSet) {
  Runner best(2, *dot_);
  const auto rows = rows_of(0, 20);
  const auto expected = best.step(rows), seen = best.take_seen();
  int others = 0;
  for (const cpu::DotVariant& variant : cpu::dot_variants()) {
    if (!variant.supported()) continue;
    SCOPED_TRACE(variant.name);
    Runner other(2, variant);
    expect_same(other.encoded(), best.encoded());
    expect_same(other.step(rows), expected);
    expect_same(other.take_seen(), seen);
    ++others;
  }
  EXPECT_GT(others, 0);
  std::printf("%d instruction sets\n", others);
}

TEST_F(SameBits, OfARowWhateverItsCompany) {
  Runner together(2, *dot_), single(2, *dot_);
  // More rows than one block of a product or an attention takes, of three histories.
  std::vector<Row> all;
  for (const auto& rows : {rows_of(0, 60), rows_of(1, 1), rows_of(2, 9)})
    all.insert(all.end(), rows.begin(), rows.end());
  std::vector<float> one_by_one;
  for (const Row& row : all) {
    const auto of_row = single.step(std::span(&row, 1));
    one_by_one.insert(one_by_one.end(), of_row.begin(), of_row.end());
  }
  expect_same(together.step(all), one_by_one);
}

}  // namespace
}  // namespace npu::testing
