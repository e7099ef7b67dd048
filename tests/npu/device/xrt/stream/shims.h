// SPDX-License-Identifier: LGPL-2.1-or-later
// Executes the words of an instruction stream on shims that move no data: what each channel reads
// or writes, in order. Knows the words from their description, not from the writer's code.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

namespace npu::testing {

// Neighbouring bytes of a buffer argument.
struct Range {
  unsigned argument = 0;
  uint64_t first = 0, bytes = 0;
  bool operator==(const Range&) const = default;
};

// Ranges in order; those that go on where the last one ends are one with it. Of argument `waste`
// only the number of bytes is kept.
class Ranges {
 public:
  explicit Ranges(unsigned waste) : waste_(waste) {}
  void add(unsigned argument, uint64_t first, uint64_t bytes);
  const std::vector<Range>& all() const { return all_; }
  uint64_t bytes() const;

 private:
  unsigned waste_;
  std::vector<Range> all_;
};

// Of a shim: channel 0 and 1 into memory, 2 and 3 out of it.
struct ChannelName {
  unsigned column, channel;
  auto operator<=>(const ChannelName&) const = default;
};

class Shims {
 public:
  // The last argument of all is waste.
  explicit Shims(unsigned waste) : waste_(waste) {}

  // Fails the test at words that are none of the stream's.
  void execute(const std::vector<uint32_t>& words);

  const std::vector<Range>& ranges(unsigned column, unsigned channel);
  uint64_t bytes(unsigned column, unsigned channel);
  // What was done, in order: 'd' a descriptor was written (of no channel: 0), 'p' a task was
  // pushed, 'w' a token was waited for.
  struct Event {
    char what;
    ChannelName channel;
  };
  const std::vector<Event>& events() const { return events_; }

 private:
  struct Bd {
    uint32_t words[8] = {};
    unsigned argument = 0;
    uint64_t offset = 0;
    unsigned current = 0;  // iteration
  };
  void write_bd(const uint32_t* operation);
  void patch(const uint32_t* operation);
  void push(uint32_t address, uint32_t value);
  void wait(const uint32_t* operation);
  void run(Bd& bd, Ranges& to);
  Ranges& at(const ChannelName& name);

  unsigned waste_;
  Bd bds_[4][16];
  std::map<ChannelName, Ranges> ranges_;
  std::map<ChannelName, int> tokens_;
  std::vector<Event> events_;
};

}  // namespace npu::testing
