// SPDX-License-Identifier: LGPL-2.1-or-later
// What a stream does, so that a change of its words without any effect is told from one that nobody
// notices.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "array.h"

namespace npu::testing {

// A started task or a wait.
struct Effect {
  bool waits = false;
  unsigned column = 0, direction = 0, channel = 0;
  // Of a task:
  bool token = false;
  unsigned controller = 0;  // of the token
  uint64_t words = 0;       // that it moves
  uint64_t walk = 0;        // a hash of their places, in order

  bool operator==(const Effect&) const = default;
};

// Effects in order. Two streams with the same ones move the same words of memory in the same order
// on every channel, under the same tokens and between the same waits. A place in buffer
// `waste_argument`, which nobody reads, is as good as any other there. Bursts are not in it: they
// say how fast words move. Precondition: the twin has executed the
// stream, or one that differs in places alone.
std::vector<Effect> effects_of(std::span<const uint32_t> words, unsigned waste_argument);

// The words of A and B that `changed` reads from other places than `words`, if that is all in which
// they differ: every task of both moves as many words under the same tokens, and what is written
// goes to the same places. Not among them are words that are equal in `memory`, the buffers before
// the run by argument, and that the streams do not write. Preconditions: as above.
std::optional<std::vector<twin::Noise>> read_elsewhere(
    std::span<const uint32_t> words, std::span<const uint32_t> changed, unsigned waste_argument,
    std::span<const std::span<const std::byte>> memory);

}  // namespace npu::testing
