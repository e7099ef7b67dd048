// SPDX-License-Identifier: LGPL-2.1-or-later
// Streams as words: what is refused before anything runs, and streams of the toolchain that are
// not.
#include "stream.h"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>

#include "corpus.h"
#include "result.h"
#include "test_stream.h"

namespace npu::twin::testing {
namespace {

constexpr uint32_t kQueue = 0x1D204, kControl = 0x1D200, kBd = 0x1D000;

// A harmless operation, then the one of the case: the fault must name the second.
struct FormatCase {
  const char* name;
  FaultKind kind;
  const char* says;
  std::vector<uint32_t> words;
};

class FormatFault : public ::testing::TestWithParam<FormatCase> {};

TEST_P(FormatFault, NamesTheOperationAndItsWord) {
  const FormatCase& of = GetParam();
  TestStream stream;
  stream.controller(c_out(0));
  const size_t at = 4 + 7;
  std::vector<uint32_t> words = stream.words();
  words.insert(words.end(), of.words.begin(), of.words.end());
  words[2] = 2;
  words[3] = static_cast<uint32_t>(4 * words.size());
  const std::optional<Fault> fault = check_format(words);
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->kind, of.kind) << fault->message;
  EXPECT_EQ(fault->operation, 1u);
  EXPECT_EQ(fault->word, at);
  EXPECT_NE(fault->message.find("operation 1 ("), std::string::npos) << fault->message;
  EXPECT_NE(fault->message.find(text("word ", at)), std::string::npos) << fault->message;
  EXPECT_NE(fault->message.find(of.says), std::string::npos) << fault->message;
}

constexpr FaultKind kFormat = FaultKind::kFormat, kRegister = FaultKind::kRegister,
                    kField = FaultKind::kField, kToken = FaultKind::kToken;

const FormatCase kFormatCases[] = {
    {"UnknownOperation", kFormat, "code 99 is an unknown one", {99, 0, 0, 0}},
    {"WriteCutOff", kFormat, "the end of the stream after 5", {0, 0, kQueue, 0, 0}},
    {"WriteOfAnotherSize", kFormat, "bytes: expected 24, found 28", {0, 0, kQueue, 0, 0, 28}},
    {"WordWithoutMeaning", kFormat, "expected 0, found 7", {0, 7, kQueue, 0, 0, 24}},
    {"BlockWriteWithoutValues", kFormat, "bytes: expected 16 and", {1, 0, kBd, 16}},
    {"BlockWriteToAnotherTile",
     kFormat,
     "found column 2 row 0",
     {1, 2, kBd, 48, 1, 0, 0, 0, 0, 0, 0, 0}},
    {"BlockWriteOfHalfADescriptor", kRegister, "whole descriptors", {1, 0, kBd, 32, 1, 0, 0, 0}},
    {"BlockWriteBehindTheLastDescriptor",
     kRegister,
     "found one up to 16",
     {1, 0, kBd + 15 * 32, 80, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0}},
    {"ColumnThatIsNotThere", kRegister, "in column 4", {0, 0, 4u << 25 | kQueue, 0, 0, 24}},
    {"RowThatIsNotThere", kRegister, "in row 6", {0, 0, 6u << 20 | kQueue, 0, 0, 24}},
    {"DescriptorOfAMemoryTile",
     kRegister,
     "a memory tile's descriptor",
     {0, 0, 1u << 20 | 0xA0000, 0, 0, 24}},
    {"ChannelOfACore",
     kRegister,
     "the core's in row 3 channel",
     {0, 0, 3u << 20 | 0x1DE04, 0, 0, 24}},
    {"LockOfACore", kRegister, "the core's in row 2 lock", {0, 0, 2u << 20 | 0x1F010, 0, 0, 24}},
    {"LockOfAShim", kRegister, "a lock of the shim", {0, 0, 0x14010, 0, 1, 24}},
    {"Status", kRegister, "status, which is only read", {0, 0, 0x1D228, 0, 1, 24}},
    {"UnknownRegister", kRegister, "no register that is known", {0, 0, 0x1D300, 0, 1, 24}},
    {"AddressOfNoWord", kRegister, "not that of a word", {0, 0, 0x1D206, 0, 1, 24}},
    {"PlainWriteOfAControl", kRegister, "under a mask only", {0, 0, kControl, 0, 0xF00, 24}},
    {"QueueOfDescriptor16", kField, "below 16", {0, 0, kQueue, 0, 16, 24}},
    {"QueueWithReservedBits", kField, "found 0x01000000", {0, 0, kQueue, 0, 1u << 24, 24}},
    {"MaskWriteOfAQueue", kRegister, "another register", {3, 0, kQueue, 0, 0, 0x1F00, 28}},
    {"MaskThatReachesFurther", kField, "mask: expected 0x1F00", {3, 0, kControl, 0, 0, 0x1F01, 28}},
    {"ValueOutsideOfItsMask", kField, "within the mask", {3, 0, kControl, 0, 0xF01, 0x1F00, 28}},
    {"WaitOfAnotherSize", kFormat, "expected 16, found 20", {0x80, 20, 0, 0x10100}},
    {"WaitForAMemoryTile", kToken, "found row 1 of column 0", {0x80, 16, 0x100, 0x10100}},
    {"WaitForAnotherColumn", kToken, "found row 0 of column 4", {0x80, 16, 0x40000, 0x10100}},
    {"WaitInNoDirection", kFormat, "direction: expected 0", {0x80, 16, 2, 0x10100}},
    {"WaitForChannel2", kToken, "channel: expected 0 or 1", {0x80, 16, 0, 0x0201'0100}},
    {"WaitForTwoColumns", kFormat, "one row and one column", {0x80, 16, 0, 0x10200}},
    {"PatchOfAQueue",
     kRegister,
     "word 1 of a shim's descriptor",
     {0x81, 48, 0, 0, 0, 0, kQueue, 0, 0, 0, 0, 0}},
    {"PatchOfTheLength",
     kRegister,
     "word 1 of a shim's descriptor",
     {0x81, 48, 0, 0, 0, 0, kBd, 0, 0, 0, 0, 0}},
    {"PatchWithAnAction",
     kFormat,
     "expected 0, found 1",
     {0x81, 48, 0, 0, 0, 1, kBd + 4, 0, 0, 0, 0, 0}},
};

INSTANTIATE_TEST_SUITE_P(Stream, FormatFault, ::testing::ValuesIn(kFormatCases),
                         [](const auto& of) { return of.param.name; });

TEST(Stream, OperationsOfOtherDevicesAreRefusedByName) {
  const std::pair<uint32_t, const char*> others[] = {{2, "BLOCKSET"},
                                                     {4, "MASKPOLL"},
                                                     {5, "NOOP"},
                                                     {6, "PREEMPT"},
                                                     {7, "MASKPOLL_BUSY"},
                                                     {8, "LOADPDI"},
                                                     {9, "LOAD_PM_START"},
                                                     {10, "CREATE_SCRATCHPAD"},
                                                     {11, "UPDATE_STATE_TABLE"},
                                                     {12, "UPDATE_REG"},
                                                     {13, "UPDATE_SCRATCH"},
                                                     {14, "CONFIG_SHIMDMA_BD"},
                                                     {15, "CONFIG_SHIMDMA_DMABUF_BD"},
                                                     {0x82, "READ_REGS"},
                                                     {0x83, "RECORD_TIMER"},
                                                     {0x84, "MERGE_SYNC"}};
  for (const auto& [code, name] : others) {
    TestStream stream;
    stream.operation({code, 0, 0, 0});
    const std::optional<Fault> fault = check_format(stream.words());
    ASSERT_TRUE(fault) << name;
    EXPECT_EQ(fault->kind, FaultKind::kFormat);
    EXPECT_NE(fault->message.find(text(" is ", name, ":")), std::string::npos) << fault->message;
    EXPECT_NE(fault->message.find("word 4"), std::string::npos) << fault->message;
  }
}

TEST(Stream, AHeaderOfAnotherDeviceOrLengthIsRefused) {
  struct HeaderCase {
    size_t word;
    uint32_t value;
    const char* says;
  };
  const HeaderCase cases[] = {{0, 0x0603'0200, "version"},
                              {0, 0x0604'0100, "generation of the device"},
                              {0, 0x0503'0100, "rows"},
                              {1, 0x0105, "columns"},
                              {1, 0x0204, "rows of memory tiles"},
                              {2, 2, "expected 1 operations"},
                              {2, 0, "expected the end after 0"},
                              {3, 40, "bytes of the stream"}};
  for (const HeaderCase& of : cases) {
    TestStream stream;
    stream.controller(c_out(0));
    std::vector<uint32_t> words = stream.words();
    ASSERT_FALSE(check_format(words));
    words[of.word] = of.value;
    const std::optional<Fault> fault = check_format(words);
    ASSERT_TRUE(fault) << of.says;
    EXPECT_EQ(fault->kind, FaultKind::kFormat);
    EXPECT_NE(fault->message.find(of.says), std::string::npos) << fault->message;
  }
  EXPECT_TRUE(check_format(std::vector<uint32_t>{0x0603'0100}));
}

// What does not fit into a field lands in its neighbour, or is gone.
struct FieldCase {
  const char* name;
  size_t word;
  uint32_t clear, set;
  const char* says;
};

class BdField : public ::testing::TestWithParam<FieldCase> {};

TEST_P(BdField, IsRefusedWhereTheBlockIsWritten) {
  const FieldCase& of = GetParam();
  std::array<uint32_t, 8> bd = encode({4096, 512, 1, 2, 512, 4096, 4, 1024});
  TestStream good, bad;
  good.raw_bd(1, 3, bd);
  ASSERT_FALSE(check_format(good.words()));
  bd[of.word] = (bd[of.word] & ~of.clear) | of.set;
  bad.raw_bd(1, 3, bd);
  const std::optional<Fault> fault = check_format(bad.words());
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->kind, FaultKind::kField);
  EXPECT_NE(fault->message.find("descriptor 3: "), std::string::npos) << fault->message;
  EXPECT_NE(fault->message.find(of.says), std::string::npos) << fault->message;
}

constexpr uint32_t kAll = 0xFFFF'FFFF;
const FieldCase kFieldCases[] = {
    {"LengthOfNothing", 0, kAll, 0, "length: expected at least 1"},
    {"LengthThatTheDimensionsDoNotDivide", 0, kAll, 4095, "multiple of D0 x D1 = 512 x 2"},
    {"AddressWithinAWord", 1, 0, 2, "low bits of the address"},
    {"Packets", 2, 0, 1u << 30, "packet enable"},
    {"PacketFields", 2, 0, 1u << 19, "packet fields"},
    {"ReservedBitOfWord2", 2, 0, 1u << 31, "reserved bit"},
    {"D0WrapOf1024", 3, kAll, 0, "a wrap of 1,024"},
    {"D0WrapThatSpills", 3, 0, 1u << 30, "word 3 bits 31:30"},
    {"D1WrapOf1024", 4, 0x3FF0'0000, 0, "D1 wrap"},
    {"Burst3", 4, 0, 3u << 30, "burst: expected 0 to 2"},
    {"Smid", 5, 0, 1u << 28, "SMID"},
    {"Qos", 5, 0, 1u << 20, "QoS"},
    {"CacheOff", 5, 0x0F00'0000, 0, "AxCache: expected 2, found 0"},
    {"IterationBehindItsWrap", 6, 0, 5u << 26, "a current one below 4, found 5"},
    {"NotValid", 7, 1u << 25, 0, "valid: expected 1"},
    {"NextWithoutUse", 7, 0, 5u << 27, "next descriptor: expected 0"},
    {"AcquiresALock", 7, 0, 1u << 12, "acquire enable"},
    {"ReleasesALock", 7, 0, 1u << 18, "release value"},
};
INSTANTIATE_TEST_SUITE_P(Stream, BdField, ::testing::ValuesIn(kFieldCases),
                         [](const auto& of) { return of.param.name; });

// Of mlir-aie, for descriptors of another program: they decode.
TEST(Stream, WhatTheToolchainWroteHasTheFormat) {
  const std::filesystem::path folder = npu::testing::corpus_folder() / "golden" / "npu";
  if (npu::testing::corpus_folder().empty() || !std::filesystem::exists(folder)) {
    GTEST_SKIP() << "no corpus with golden/npu";
  }
  const std::pair<const char*, size_t> streams[] = {
      {"gemm.hex", 92}, {"attention.hex", 15}, {"arguments.hex", 15}};
  for (const auto& [name, operations] : streams) {
    std::ifstream file(folder / name);
    std::vector<uint32_t> words;
    for (std::string line; file >> line;) {
      words.push_back(static_cast<uint32_t>(std::stoul(line, nullptr, 16)));
    }
    const std::optional<Fault> fault = check_format(words);
    EXPECT_FALSE(fault) << name << ": " << fault->message;
    if (!fault) {
      EXPECT_EQ(parse(words, {}).size(), operations) << name;
    }
  }
}

}  // namespace
}  // namespace npu::twin::testing
