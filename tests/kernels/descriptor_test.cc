// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <cstring>

#include "layout/descriptor_check.h"

namespace {

using namespace kernels;

Descriptor valid(Op op) {
  Descriptor d;
  std::memset(static_cast<void*>(&d), 0, sizeof(d));
  d.head.magic = kDescriptorMagic;
  d.head.version = kDescriptorVersion;
  d.head.op = op;
  d.head.rows = 16;
  d.head.m_tiles = 1;
  d.head.count = 4;
  d.head.columns = 4;
  d.head.epsilon = 1;
  return d;
}

std::string fault_with(Op op, void (*change)(Descriptor&)) {
  Descriptor d = valid(op);
  EXPECT_EQ(descriptor_fault(d), "");
  change(d);
  return descriptor_fault(d);
}

TEST(DescriptorCheck, AForeignObjectAndAForeignVersionAreNamed) {
  EXPECT_EQ(
      fault_with(Op::kMatmul, [](Descriptor& d) { d.head.magic = 7; }),
      "descriptor: magic: expected 1431326327 (\"wNPU\"), found 7: another object lies where an "
      "operation should begin");
  EXPECT_EQ(fault_with(Op::kMatmul, [](Descriptor& d) { d.head.version = 2; }),
            "descriptor: version: expected 1, found 2: pack the model again with this version");
  EXPECT_EQ(fault_with(Op::kMatmul, [](Descriptor& d) { d.head.op = static_cast<Op>(9); }),
            "descriptor: operation: expected 0 to 6, found 9");
}

TEST(DescriptorCheck, MagicReadsAsTextInMemory) {
  char text[5] = {};
  const Descriptor d = valid(Op::kPass);
  std::memcpy(text, &d, 4);
  EXPECT_STREQ(text, "wNPU");
}

TEST(DescriptorCheck, EachLimitIsKeptAndBrokenByOne) {
  struct Case {
    Op op;
    void (*kept)(Descriptor&);
    void (*broken)(Descriptor&);
    const char* fault;
  };
  const Case cases[] = {
      {Op::kPass, [](Descriptor& d) { d.head.flags = kKnownFlags; },
       [](Descriptor& d) { d.head.flags = kKnownFlags + 1; }, "flags"},
      {Op::kMatmul, [](Descriptor& d) { d.head.shift = 47; },
       [](Descriptor& d) { d.head.shift = 48; }, "shift"},
      {Op::kMatmul, [](Descriptor& d) { d.head.count = 40; },
       [](Descriptor& d) { d.head.count = 41; }, "objects of a product"},
      {Op::kMatmul, [](Descriptor& d) { d.head.count = 1; },
       [](Descriptor& d) { d.head.count = 0; }, "objects of a product"},
      {Op::kMatmul, [](Descriptor& d) { d.head.epilogue = Epilogue::kRows; },
       [](Descriptor& d) { d.head.epilogue = static_cast<Epilogue>(11); }, "epilogue"},
      {Op::kMatmul, [](Descriptor& d) { d.head.epilogue = Epilogue::kGelu, d.head.out_shift = 30; },
       [](Descriptor& d) { d.head.epilogue = Epilogue::kGelu, d.head.out_shift = 31; },
       "out_shift"},
      {Op::kMatmul, [](Descriptor& d) { d.head.epilogue = Epilogue::kResidual, d.head.select = 3; },
       [](Descriptor& d) { d.head.epilogue = Epilogue::kResidual, d.head.select = 4; }, "select"},
      {Op::kMatmul, [](Descriptor& d) { d.head.epilogue = Epilogue::kTopK; },
       [](Descriptor& d) { d.head.epilogue = Epilogue::kTopK, d.head.rows = 17; }, "rows"},
      {Op::kMatmul, [](Descriptor& d) { d.head.epilogue = Epilogue::kRows; },
       [](Descriptor& d) { d.head.epilogue = Epilogue::kRows, d.head.m_tiles = 2; }, "tiles"},
      {Op::kMatmul,
       [](Descriptor& d) { d.head.epilogue = Epilogue::kLogits, d.head.flags = kNarrow; },
       [](Descriptor& d) { d.head.epilogue = Epilogue::kLogits; }, "kNarrow"},
      {Op::kMatmul,
       [](Descriptor& d) { d.head.epilogue = Epilogue::kLogits, d.head.flags = kNarrow; },
       [](Descriptor& d) {
         d.head.epilogue = Epilogue::kLogits, d.head.flags = kNarrow, d.head.rows = 17;
       },
       "rows"},
      {Op::kLayerNorm, [](Descriptor& d) { d.head.count = 20; },
       [](Descriptor& d) { d.head.count = 21; }, "tiles of a row"},
      {Op::kLayerNorm, [](Descriptor& d) { d.head.count = 5, d.head.columns = 1; },
       [](Descriptor& d) { d.head.count = 6, d.head.columns = 1; }, "tiles of a column"},
      {Op::kLayerNorm, [](Descriptor& d) { d.head.epsilon = (int64_t{1} << 51) - 1; },
       [](Descriptor& d) { d.head.epsilon = int64_t{1} << 51; }, "epsilon"},
      {Op::kAttention, [](Descriptor& d) { d.head.select = 7; },
       [](Descriptor& d) { d.head.select = 8; }, "select"},
      {Op::kAttention, [](Descriptor& d) { d.head.out_shift = 8; },
       [](Descriptor& d) { d.head.out_shift = 9; }, "gain"},
      {Op::kAttention, [](Descriptor& d) { d.head.flags = kFineOutput, d.head.out_shift = 12; },
       [](Descriptor& d) { d.head.flags = kFineOutput, d.head.out_shift = 13; }, "gain"},
      {Op::kAttention, [](Descriptor& d) { d.head.flags = kTransposeKeys; },
       [](Descriptor& d) { d.head.flags = kTransposeKeys, d.head.rows = 17; }, "rows"},
      {Op::kAttention, [](Descriptor& d) { d.head.flags = kRowLimits, d.head.rows = 64; },
       [](Descriptor& d) { d.head.flags = kRowLimits, d.head.rows = 65; }, "rows with limits"},
      {Op::kCombine, [](Descriptor& d) { d.head.flags = kNarrow; },
       [](Descriptor& d) { d.head.flags = kNarrow, d.head.rows = 17; }, "rows"},
      {Op::kLayerNorm, [](Descriptor& d) { d.head.flags = kNarrow; },
       [](Descriptor& d) { d.head.flags = kNarrow, d.head.m_tiles = 2; }, "tiles"},
      {Op::kAttention, [](Descriptor& d) { d.head.flags = kNarrow; },
       [](Descriptor& d) { d.head.flags = kNarrow | kPart; }, "kNarrow"},
      {Op::kMatmul,
       [](Descriptor& d) { d.head.flags = kNarrow, d.head.epilogue = Epilogue::kRows; },
       [](Descriptor& d) { d.head.flags = kNarrow, d.head.epilogue = Epilogue::kV; }, "kNarrow"},
      {Op::kCombine, [](Descriptor&) {}, [](Descriptor& d) { d.head.rows = 17; }, "rows"},
      {Op::kAlignment, [](Descriptor& d) { d.head.select = 7; },
       [](Descriptor& d) { d.head.columns = 0; }, "columns"},
      {Op::kAdd, [](Descriptor& d) { d.head.select = 3; }, [](Descriptor& d) { d.head.select = 4; },
       "select"},
      {Op::kPass, [](Descriptor&) {}, [](Descriptor& d) { d.reserved[3519] = 1; }, "reserved"},
      {Op::kPass, [](Descriptor&) {}, [](Descriptor& d) { d.head.reserved1 = 1; }, "reserved"},
      {Op::kPass, [](Descriptor& d) { d.mult[63] = 32767; }, [](Descriptor& d) { d.mult[63] = -1; },
       "multipliers"},
  };
  for (const Case& of : cases) {
    EXPECT_EQ(fault_with(of.op, of.kept), "") << &of - cases;
    const std::string fault = fault_with(of.op, of.broken);
    EXPECT_NE(fault.find(of.fault), std::string::npos) << &of - cases << ": " << fault;
    EXPECT_NE(fault.find("expected"), std::string::npos) << fault;
    EXPECT_NE(fault.find("found"), std::string::npos) << fault;
  }
}

}  // namespace
