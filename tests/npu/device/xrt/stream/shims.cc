// SPDX-License-Identifier: LGPL-2.1-or-later
#include "shims.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace npu::testing {

void Ranges::add(unsigned argument, uint64_t first, uint64_t bytes) {
  if (argument == waste_) first = 0;
  const bool goes_on = !all_.empty() && all_.back().argument == argument &&
                       (argument == waste_ || all_.back().first + all_.back().bytes == first);
  if (goes_on) {
    all_.back().bytes += bytes;
  } else {
    all_.push_back({argument, first, bytes});
  }
}

uint64_t Ranges::bytes() const {
  uint64_t sum = 0;
  for (const Range& range : all_) sum += range.bytes;
  return sum;
}

Ranges& Shims::at(const ChannelName& name) {
  return ranges_.try_emplace(name, waste_).first->second;
}
const std::vector<Range>& Shims::ranges(unsigned column, unsigned channel) {
  return at({column, channel}).all();
}
uint64_t Shims::bytes(unsigned column, unsigned channel) {
  return at({column, channel}).bytes();
}

void Shims::execute(const std::vector<uint32_t>& words) {
  const bool failed_before = ::testing::Test::HasFatalFailure();
  ASSERT_EQ(words.at(0), 0x06030100u);
  ASSERT_EQ(words.at(1), 0x0104u);
  ASSERT_EQ(words.at(3), words.size() * 4);
  uint32_t operations = 0;
  for (size_t at = 4; at < words.size(); ++operations) {
    const uint32_t* operation = words.data() + at;
    switch (operation[0]) {
      case 0:
        push(operation[2], operation[4]);
        at += 6;
        break;
      case 1:
        write_bd(operation);
        at += 12;
        break;
      case 3:
        ASSERT_EQ(operation[4], 0x0F00u);
        at += 7;
        break;
      case 0x80:
        wait(operation);
        at += 4;
        break;
      case 0x81:
        patch(operation);
        at += 12;
        break;
      default:
        FAIL() << "word " << at << ": operation " << operation[0];
    }
    if (!failed_before && ::testing::Test::HasFatalFailure()) return;
  }
  EXPECT_EQ(words[2], operations);
  for (const auto& [channel, tokens] : tokens_)
    EXPECT_EQ(tokens, 0) << "shim " << channel.column << " channel " << channel.channel;
}

void Shims::write_bd(const uint32_t* operation) {
  const uint32_t column = operation[2] >> 25, at = (operation[2] & 0xFFFFF) - 0x1D000;
  ASSERT_EQ(operation[3], 48u);
  ASSERT_LT(column, 4u);
  ASSERT_LT(at, 0x200u);
  Bd bd;
  std::copy_n(operation + 4, 8, bd.words);
  bds_[column][at / 0x20] = bd;
  events_.push_back({'d', {column, 0}});
}

void Shims::patch(const uint32_t* operation) {
  const uint32_t column = operation[6] >> 25, at = (operation[6] & 0xFFFFF) - 0x1D004;
  ASSERT_EQ(at % 0x20, 0u);
  Bd& bd = bds_[column][at / 0x20];
  bd.argument = operation[8];
  bd.offset = operation[10];
  if (bd.argument < 5) return;
  ASSERT_GE(bd.offset, 0x80000000u);
  bd.offset -= 0x80000000u;
}

void Shims::push(uint32_t address, uint32_t value) {
  const unsigned column = address >> 25, at = (address & 0xFFFFF) - 0x1D204;
  ASSERT_EQ(at % 8, 0u);
  ASSERT_LT(at / 8, 4u);
  const ChannelName name{column, at / 8};
  events_.push_back({'p', name});
  if ((value >> 31) != 0) ++tokens_[name];
  for (uint32_t i = 0; i <= (value >> 16 & 0xFF); ++i) {
    uint32_t bd = value & 0xF;
    while (true) {
      run(bds_[column][bd], this->at(name));
      const uint32_t last = bds_[column][bd].words[7];
      ASSERT_NE(last & 1u << 25, 0u) << "not valid";
      if ((last & 1u << 26) == 0) break;
      bd = last >> 27 & 0xF;
    }
  }
}

void Shims::wait(const uint32_t* operation) {
  const bool out = (operation[2] & 0xFF) == 1;
  const ChannelName name{operation[2] >> 16, (operation[3] >> 24) + (out ? 2u : 0u)};
  events_.push_back({'w', name});
  ASSERT_GT(tokens_[name], 0);
  --tokens_[name];
}

void Shims::run(Bd& bd, Ranges& to) {
  const auto step = [&](int word) { return uint64_t{bd.words[word] & 0xFFFFF} + 1; };
  const uint64_t begin = bd.offset + bd.current * step(6) * 4;
  bd.current = bd.current == (bd.words[6] >> 20 & 0x3F) ? 0 : bd.current + 1;
  const uint64_t length = bd.words[0], d0 = bd.words[3] >> 20 & 0x3FF,
                 d1 = bd.words[4] >> 20 & 0x3FF;
  if (d0 == 0) return to.add(bd.argument, begin, length * 4);
  for (uint64_t done = 0, i = 0; done < length; done += d0, ++i) {
    const uint64_t row = d1 == 0 ? i : i % d1, plane = d1 == 0 ? 0 : i / d1;
    const uint64_t first = begin + (row * step(4) + plane * step(5)) * 4;
    if (step(3) == 1) {
      to.add(bd.argument, first, std::min(d0, length - done) * 4);
    } else {
      for (uint64_t word = 0; word < d0 && done + word < length; ++word)
        to.add(bd.argument, first + word * step(3) * 4, 4);
    }
  }
}

}  // namespace npu::testing
