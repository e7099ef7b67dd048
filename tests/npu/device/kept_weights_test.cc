// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/cpu/mixed/kept_weights.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <fstream>

#include "device/packed_cache.h"
#include "model_writer.h"
#include "random_weights.h"

namespace npu::cpu {
namespace {

namespace fs = std::filesystem;

class CountedWeights : public testing::RandomWeights {
 public:
  Result<void> read(const WeightRef& ref, std::span<float> out) override {
    ++reads;
    return testing::RandomWeights::read(ref, out);
  }
  int reads = 0;
};

const WeightRef kLarge{"large.weight", Shape{4100, 2570}};
const WeightRef kEqualised{"equalised.weight", Shape{70, 50}};
const WeightRef kTable{"table.weight", Shape{33}};

// What a program would have packed.
struct Weights {
  MixedWeights packed;
  const MixedMatrix* large = nullptr;
  const MixedMatrix* equalised = nullptr;
  const FloatArray* table = nullptr;

  void fill(Element element, WeightSource& source) {
    const auto a = packed.matrix(kLarge, element, source);
    const auto b = packed.matrix(kEqualised, element, source, /*equalised=*/true);
    const auto c = packed.plain(kTable, source);
    ASSERT_TRUE(a && b && c);
    large = *a;
    equalised = *b;
    table = *c;
  }
};

template <typename T>
void expect_same(const AlignedArray<T>& a, const AlignedArray<T>& b) {
  ASSERT_EQ(a.size(), b.size());
  if (a.size() > 0) {
    EXPECT_EQ(std::memcmp(a.data(), b.data(), a.bytes()), 0);
  }
}
void expect_same(const MixedMatrix& a, const MixedMatrix& b) {
  EXPECT_EQ(a.rows, b.rows);
  EXPECT_EQ(a.cols, b.cols);
  expect_same(a.int8, b.int8);
  expect_same(a.bf16, b.bf16);
  expect_same(a.scale, b.scale);
  expect_same(a.sum, b.sum);
  expect_same(a.column, b.column);
}

class Kept : public ::testing::TestWithParam<Element> {
 protected:
  void SetUp() override {
    setenv("NPUWHISPER_CACHE", folder_.path().c_str(), 1);
    before_.fill(GetParam(), source_);
    reads_ = source_.reads;
  }
  void TearDown() override { setenv("NPUWHISPER_CACHE", "off", 1); }

  KeptWeights kept() const { return {identity_, GetParam()}; }

  fs::path only_file() const {
    const auto entries = list_packed_cache();
    EXPECT_TRUE(entries && entries->size() == 1);
    return entries && !entries->empty() ? entries->front().file : fs::path();
  }

  testing::TemporaryFolder folder_;
  WeightIdentity identity_{"/models/some model", "as it is"};
  CountedWeights source_;
  Weights before_;
  int reads_ = 0;
};

TEST_P(Kept, ComeBackToTheByteWithoutTheModel) {
  kept().store(before_.packed);
  Weights after;
  ASSERT_TRUE(kept().load(after.packed));
  after.fill(GetParam(), source_);
  EXPECT_EQ(source_.reads, reads_);
  expect_same(*after.large, *before_.large);
  expect_same(*after.equalised, *before_.equalised);
  expect_same(*after.table, *before_.table);
  EXPECT_EQ(after.packed.bytes(), before_.packed.bytes());
}

TEST_P(Kept, AreNotTakenOfAModelThatHasChanged) {
  kept().store(before_.packed);
  identity_.state = "as it is now";
  MixedWeights other;
  EXPECT_FALSE(kept().load(other));
  identity_.path = "/models/another";
  EXPECT_FALSE(kept().load(other));
}

TEST_P(Kept, AreNotTakenForOtherArithmetic) {
  kept().store(before_.packed);
  const Element other = GetParam() == Element::kInt8 ? Element::kBf16 : Element::kInt8;
  MixedWeights weights;
  EXPECT_FALSE(KeptWeights(identity_, other).load(weights));
}

TEST_P(Kept, ThatAreDamagedArePackedAnewAndReplaced) {
  kept().store(before_.packed);
  const fs::path file = only_file();
  std::fstream(file, std::ios::in | std::ios::out | std::ios::binary).seekp(1 << 20).put('\x55');
  MixedWeights weights;
  EXPECT_FALSE(kept().load(weights));
  EXPECT_TRUE(weights.matrices().empty());
  kept().store(before_.packed);
  EXPECT_EQ(only_file(), file);
  EXPECT_TRUE(kept().load(weights));
}

TEST_P(Kept, ReplaceThoseOfTheModelAsItWas) {
  kept().store(before_.packed);
  identity_.state = "as it is now";
  kept().store(before_.packed);
  only_file();
  MixedWeights weights;
  EXPECT_TRUE(kept().load(weights));
}

TEST_P(Kept, OfAnotherShapeAreNotUsed) {
  kept().store(before_.packed);
  MixedWeights weights;
  ASSERT_TRUE(kept().load(weights));
  const auto wider = weights.matrix({kLarge.name, Shape{4100, 2571}}, GetParam(), source_);
  ASSERT_TRUE(wider);
  EXPECT_EQ((*wider)->cols, 2571u);
  EXPECT_EQ(source_.reads, reads_ + 1);
}

TEST_P(Kept, AreNoneWithoutAnIdentityOrAFolder) {
  KeptWeights(WeightIdentity(), GetParam()).store(before_.packed);
  setenv("NPUWHISPER_CACHE", "off", 1);
  kept().store(before_.packed);
  MixedWeights weights;
  EXPECT_FALSE(kept().load(weights));
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

TEST_P(Kept, AreNoneIfTheyAreSmall) {
  Weights small;
  ASSERT_TRUE(small.packed.plain(kTable, source_));
  kept().store(small.packed);
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

TEST_P(Kept, AreListedAndCleared) {
  kept().store(before_.packed);
  testing::write_file(folder_.path() / "half.packed.AbCdEf", "left by an interrupted writer");
  testing::write_file(folder_.path() / "other", "not ours");
  const auto entries = list_packed_cache();
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 2u);
  EXPECT_TRUE((*entries)[0].header.identity.path.empty());
  EXPECT_EQ((*entries)[1].header.identity.path, identity_.path);
  EXPECT_EQ((*entries)[1].header.identity.state, identity_.state);
  const auto freed = clear_packed_cache();
  ASSERT_TRUE(freed);
  EXPECT_GT(*freed, before_.packed.bytes());
  EXPECT_EQ(list_packed_cache()->size(), 0u);
  EXPECT_TRUE(fs::exists(folder_.path() / "other"));
}

INSTANTIATE_TEST_SUITE_P(All, Kept, ::testing::Values(Element::kInt8, Element::kBf16),
                         [](const auto& test) {
                           return test.param == Element::kInt8 ? "Int8" : "Bf16";
                         });

}  // namespace
}  // namespace npu::cpu
