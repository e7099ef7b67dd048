// SPDX-License-Identifier: LGPL-2.1-or-later
#include "stream_effects.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <unordered_set>

#include "shim_bd.h"
#include "stream.h"

namespace npu::testing {
namespace {

using twin::OpCode;
using twin::Operation;
using twin::RegisterKind;

struct Bd {
  std::array<uint32_t, twin::kBdWords> words{};
  uint64_t argument = 0, offset = 0;
};

using Key = std::array<unsigned, 3>;                 // column, direction, channel
using Walks = std::map<Key, std::vector<uint64_t>>;  // places of words, in order

constexpr auto kReads = static_cast<unsigned>(twin::Direction::kMm2s);
constexpr unsigned kArgumentShift = 40;  // of a place: the argument above it, a byte below
constexpr uint64_t kWaste = ~uint64_t{0};

// What lies in places that a stream does not write.
class ConstantWords {
 public:
  ConstantWords(const Walks& walks, std::span<const std::span<const std::byte>> memory)
      : memory_(memory) {
    for (const auto& [channel, places] : walks)
      if (channel[1] != kReads) written_.insert(places.begin(), places.end());
  }
  bool are_equal(uint64_t a, uint64_t b) const {
    const auto first = word_at(a), second = word_at(b);
    return first && second && *first == *second;
  }

 private:
  std::optional<uint32_t> word_at(uint64_t place) const {
    const uint64_t byte = place & ((uint64_t{1} << kArgumentShift) - 1);
    if (place == kWaste || written_.contains(place)) return std::nullopt;
    const std::span<const std::byte> buffer = memory_[place >> kArgumentShift];
    if (byte + sizeof(uint32_t) > buffer.size()) return std::nullopt;
    uint32_t word = 0;
    std::memcpy(&word, buffer.data() + byte, sizeof word);
    return word;
  }

  std::span<const std::span<const std::byte>> memory_;
  std::unordered_set<uint64_t> written_;
};

class Interpreter {
 public:
  // Keeps the places of words too if `walks` is not null.
  explicit Interpreter(unsigned waste, Walks* walks = nullptr) : waste_(waste), walks_(walks) {}

  void execute(const Operation& operation) {
    const unsigned column = operation.target.column;
    switch (operation.code) {
      case OpCode::kBlockWrite: {
        Bd& bd = bds_[{column, operation.target.bd}];
        bd = {};
        std::copy_n(operation.values.begin(), twin::kBdWords, bd.words.begin());
        break;
      }
      case OpCode::kPatch: {
        Bd& bd = bds_[{column, operation.target.bd}];
        bd.argument = operation.argument;
        bd.offset = operation.offset;
        break;
      }
      case OpCode::kMaskWrite:
        controllers_[key(operation.target.channel)] = operation.values[0];
        break;
      case OpCode::kWait:
        effects_.push_back({true, operation.channel.column,
                            static_cast<unsigned>(operation.channel.direction),
                            operation.channel.number});
        break;
      case OpCode::kWrite:
        if (operation.target.kind == RegisterKind::kQueue)
          start(operation);
        else
          bds_[{column, operation.target.bd}].words[operation.target.bd_word] = operation.values[0];
        break;
    }
  }
  std::vector<Effect> take() { return std::move(effects_); }

 private:
  static Key key(const twin::Channel& of) {
    return {of.column, static_cast<unsigned>(of.direction), of.number};
  }

  void start(const Operation& operation) {
    const twin::Channel& of = operation.target.channel;
    const uint32_t word = operation.values[0];
    Effect task{false, of.column, static_cast<unsigned>(of.direction), of.number};
    task.token = word >> 31 != 0;
    if (task.token) task.controller = controllers_[key(of)];
    for (uint32_t repeats = (word >> 16 & 0xFF) + 1; repeats > 0; --repeats) {
      unsigned number = word & 0xF;
      for (bool more = true; more;) {
        Bd& bd = bds_[{of.column, number}];
        const twin::ShimBd fields = twin::decode_bd(bd.words);
        walk(bd, fields, task);
        const uint64_t current = (fields.current + 1) % fields.iterations;
        bd.words[6] = (bd.words[6] & 0x03FF'FFFF) | static_cast<uint32_t>(current) << 26;
        number = fields.next;
        more = fields.use_next;
      }
    }
    effects_.push_back(task);
  }

  void walk(const Bd& bd, const twin::ShimBd& fields, Effect& task) const {
    task.words += fields.length;
    for (uint64_t at = 0; at < fields.length; ++at) {
      const uint64_t byte = bd.offset + 4 * fields.offset(at);
      const uint64_t place = bd.argument == waste_ ? kWaste : bd.argument << kArgumentShift ^ byte;
      task.walk = (task.walk ^ place) * 0x9E37'79B9'7F4A'7C15;
      task.walk ^= task.walk >> 29;
      if (walks_ != nullptr)
        (*walks_)[{task.column, task.direction, task.channel}].push_back(place);
    }
  }

  const unsigned waste_;
  Walks* const walks_;
  std::map<std::pair<unsigned, unsigned>, Bd> bds_;
  std::map<Key, uint32_t> controllers_;
  std::vector<Effect> effects_;
};

}  // namespace

std::vector<Effect> effects_of(std::span<const uint32_t> words, unsigned waste_argument) {
  Interpreter interpreter(waste_argument);
  for (const Operation& operation : twin::parse(words, twin::Target{}))
    interpreter.execute(operation);
  return interpreter.take();
}

std::optional<std::vector<twin::Noise>> read_elsewhere(
    std::span<const uint32_t> words, std::span<const uint32_t> changed, unsigned waste_argument,
    std::span<const std::span<const std::byte>> memory) {
  Walks walks[2];
  std::vector<Effect> effects[2];
  for (const size_t i : {0, 1}) {
    Interpreter interpreter(waste_argument, &walks[i]);
    for (const Operation& operation : twin::parse(i == 0 ? words : changed, twin::Target{}))
      interpreter.execute(operation);
    effects[i] = interpreter.take();
    for (Effect& effect : effects[i])
      if (effect.direction == kReads) effect.walk = 0;
  }
  if (effects[0] != effects[1]) return std::nullopt;
  const ConstantWords constant(walks[0], memory);
  std::vector<twin::Noise> elsewhere;
  for (const auto& [channel, places] : walks[0]) {
    std::vector<uint64_t> differ;
    const std::vector<uint64_t>& others = walks[1][channel];
    for (size_t i = 0; i < places.size(); ++i)
      if (places[i] != others[i] && !constant.are_equal(places[i], others[i])) differ.push_back(i);
    if (!differ.empty())
      elsewhere.push_back(
          {{channel[0], static_cast<twin::Direction>(channel[1]), channel[2]}, std::move(differ)});
  }
  return elsewhere;
}

}  // namespace npu::testing
