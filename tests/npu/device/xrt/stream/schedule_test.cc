// SPDX-License-Identifier: LGPL-2.1-or-later
// Operations of a list as one stream: in order, one slice at a time, weights ahead of it.
#include "device/xrt/stream/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "operations.h"
#include "shims.h"

namespace npu::testing {
namespace {

using namespace array;

constexpr unsigned kC = 0, kA = 2, kB = 3;  // channels as shims.h numbers them

const AppendedRow kRow[] = {{0, 17}};

std::vector<Transfers> transfers(const std::vector<Operation>& operations) {
  std::vector<Transfers> all;
  for (const Operation& operation : operations) {
    Result<Transfers> made = transfers_of(operation, binding(kRow));
    EXPECT_TRUE(made) << made.error().message;
    if (made) all.push_back(*std::move(made));
  }
  return all;
}

std::vector<uint32_t> stream(std::span<const Transfers> operations) {
  const Result<std::vector<uint32_t>> words = stream_of(operations);
  EXPECT_TRUE(words) << words.error().message;
  return words ? *words : std::vector<uint32_t>();
}

// What the channel transfers if the operations run one by one, in streams of their own.
std::vector<Range> one_by_one(const std::vector<Transfers>& operations, unsigned column,
                              unsigned channel) {
  Ranges all(kWasteArgument);
  for (const Transfers& operation : operations) {
    Shims shims(kWasteArgument);
    shims.execute(stream({&operation, 1}));
    for (const Range& range : shims.ranges(column, channel))
      all.add(range.argument, range.first, range.bytes);
  }
  return all.all();
}

TEST(Schedule, AListIsItsOperationsInOrder) {
  OperationMaker make;
  for (const auto& list : {make.encoder(384, 256), make.decoder(384, 51865),
                           make.encoder(1280, 384), make.decoder(1280, 51866)}) {
    const std::vector<Transfers> operations = transfers(list);
    Shims shims(kWasteArgument);
    shims.execute(stream(operations));
    for (unsigned column = 0; column < kColumns; ++column) {
      for (const unsigned channel : {kA, kB, kC}) {
        EXPECT_TRUE(shims.ranges(column, channel) == one_by_one(operations, column, channel))
            << "shim " << column << ", channel " << channel;
      }
    }
  }
}

// Index of the n-th event on a channel of shim 0.
size_t event(const Shims& shims, char what, unsigned channel, size_t n) {
  const auto& events = shims.events();
  for (size_t i = 0; i < events.size(); ++i) {
    if (events[i].what != what || events[i].channel != ChannelName{0, channel}) continue;
    if (n-- == 0) return i;
  }
  ADD_FAILURE() << "no such event";
  return events.size();
}

TEST(Schedule, WeightsOfTheNextOperationAreReadWhileOneRuns) {
  OperationMaker make;
  const std::vector<Transfers> two =
      transfers({make.product(16, 512, 512, Layout::kNarrow, Layout::kNarrow),
                 make.product(16, 512, 512, Layout::kNarrow, Layout::kNarrow)});
  Shims shims(kWasteArgument);
  shims.execute(stream(two));
  const size_t end_of_first = event(shims, 'w', kC, 0);
  EXPECT_LT(event(shims, 'p', kB, 1), end_of_first);
  EXPECT_GT(event(shims, 'p', kA, 1), end_of_first);
  EXPECT_GT(event(shims, 'p', kC, 1), end_of_first);
}

TEST(Schedule, DescriptorsOfTheNextOperationAreWrittenWhileOneRuns) {
  OperationMaker make;
  const std::vector<Transfers> two =
      transfers({make.product(16, 512, 512, Layout::kNarrow, Layout::kNarrow),
                 make.attention(16, 8, 2, false, Buffer::kSelf)});
  Shims shims(kWasteArgument);
  shims.execute(stream(two));
  EXPECT_LT(event(shims, 'd', 0, 4 + 5 - 1), event(shims, 'w', kC, 0));
}

TEST(Schedule, KeysThatTheStreamItselfWritesAreNot) {
  OperationMaker make;
  for (const Buffer from : {Buffer::kSelf, Buffer::kActivations, Buffer::kCross}) {
    const std::vector<Transfers> two =
        transfers({make.product(16, 512, 512, Layout::kNarrow, Layout::kNarrow),
                   make.attention(16, 8, 2, false, from)});
    Shims shims(kWasteArgument);
    shims.execute(stream(two));
    EXPECT_EQ(event(shims, 'p', kB, 1) < event(shims, 'w', kC, 0), from == Buffer::kCross);
  }
}

TEST(Schedule, WithoutRoomBWaitsForItsSlice) {
  OperationMaker make;
  // 16 descriptors in each slice: none is left for what comes next.
  const std::vector<Transfers> one =
      transfers({make.product(1536, 512, 2048, Layout::kT64, Layout::kFine)});
  ASSERT_EQ(one[0].slices.size(), 2u);
  Shims shims(kWasteArgument);
  shims.execute(stream(one));
  EXPECT_GT(event(shims, 'p', kB, 1), event(shims, 'w', kC, 0));
}

TEST(Schedule, AQueueIsNotFilledByWhatComesEarly) {
  // Of the vocabulary four tasks of B are queued; the next operation's would be the fifth.
  OperationMaker make;
  const std::vector<Transfers> two = transfers(
      {make.top_k(512, 51865), make.product(16, 512, 512, Layout::kNarrow, Layout::kNarrow)});
  Shims shims(kWasteArgument);
  shims.execute(stream(two));
  unsigned queued = 0;
  for (const Shims::Event& event : shims.events()) {
    if (event.channel == ChannelName{0, kB} && event.what == 'p') ++queued;
    if (event.what == 'w') queued = 0;
    EXPECT_LE(queued, 4u);
  }
}

TEST(Schedule, TheControllerIdIsThatOfTheOverlay) {
  OperationMaker make;
  const std::vector<Transfers> one = transfers({make.layer_norm(16, 512, false)});
  const std::vector<uint32_t> words = *stream_of(one, 9);
  const std::vector<uint32_t> wanted{3, 0, 0x1D200, 0, 0x0900, 0x1F00, 28};
  EXPECT_NE(std::search(words.begin(), words.end(), wanted.begin(), wanted.end()), words.end());
}

TEST(Schedule, WhatIsRefusedNamesTheOperation) {
  Transfers too_many{"the last straw", {Slice{}}, true};
  too_many.slices[0].b.resize(5, {b_channel(2), {{.length = 16}}, 1, false});
  const Result<std::vector<uint32_t>> words = stream_of({&too_many, 1});
  ASSERT_FALSE(words);
  EXPECT_EQ(words.error().message,
            "the last straw: instruction stream: shim 2, MM2S 1: tasks in flight: expected at "
            "most 4, found one more; the queue would drop it");
}

}  // namespace
}  // namespace npu::testing
