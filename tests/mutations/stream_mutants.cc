// SPDX-License-Identifier: LGPL-2.1-or-later
#include "stream_mutants.h"

#include "result.h"
#include "stream.h"

namespace npu::testing {
namespace {

using twin::OpCode;
using twin::Operation;
using twin::RegisterKind;

struct Field {
  unsigned word, high, low;
  const char* name;
};

// Of a shim's descriptor. Words 1 and 2 hold the address, which a patch overwrites.
constexpr Field kBdFields[] = {{0, 31, 0, "length"},
                               {1, 31, 2, "address, low"},
                               {1, 1, 0, "address, within a word"},
                               {2, 15, 0, "address, high"},
                               {2, 18, 16, "packet type"},
                               {2, 23, 19, "packet id"},
                               {2, 29, 24, "out-of-order id"},
                               {2, 30, 30, "enable packet"},
                               {2, 31, 31, "word 2 bit 31"},
                               {3, 19, 0, "D0 step"},
                               {3, 29, 20, "D0 wrap"},
                               {3, 31, 30, "word 3 bits 31:30"},
                               {4, 19, 0, "D1 step"},
                               {4, 29, 20, "D1 wrap"},
                               {4, 31, 30, "burst"},
                               {5, 19, 0, "D2 step"},
                               {5, 23, 20, "QoS"},
                               {5, 27, 24, "AxCache"},
                               {5, 31, 28, "SMID"},
                               {6, 19, 0, "iteration step"},
                               {6, 25, 20, "iterations"},
                               {6, 31, 26, "current iteration"},
                               {7, 3, 0, "acquire lock"},
                               {7, 4, 4, "word 7 bit 4"},
                               {7, 11, 5, "acquire value"},
                               {7, 12, 12, "acquire"},
                               {7, 16, 13, "release lock"},
                               {7, 17, 17, "word 7 bit 17"},
                               {7, 24, 18, "release value"},
                               {7, 25, 25, "valid"},
                               {7, 26, 26, "use next"},
                               {7, 30, 27, "next"},
                               {7, 31, 31, "no TLAST"}};
constexpr Field kQueueFields[] = {{4, 3, 0, "first descriptor"},
                                  {4, 15, 4, "bits 15:4"},
                                  {4, 23, 16, "repeats"},
                                  {4, 30, 24, "bits 30:24"},
                                  {4, 31, 31, "token"}};
constexpr Field kMaskFields[] = {{4, 12, 8, "controller id"}, {5, 31, 0, "mask"}};
constexpr Field kWaitFields[] = {{2, 7, 0, "direction"}, {2, 15, 8, "row"},
                                 {2, 23, 16, "column"},  {3, 15, 8, "rows"},
                                 {3, 23, 16, "columns"}, {3, 31, 24, "channel"}};
constexpr Field kPatchFields[] = {{6, 31, 0, "register"},
                                  {8, 31, 0, "argument"},
                                  {10, 1, 0, "offset, within a word"},
                                  {10, 31, 2, "offset"}};

class Maker {
 public:
  Maker(const std::vector<uint32_t>& words, unsigned arguments)
      : words_(words), operations_(twin::parse(words, twin::Target{})), arguments_(arguments) {}

  std::vector<Mutant> make() {
    for (const Operation& operation : operations_) {
      switch (operation.code) {
        case OpCode::kBlockWrite:
          add_fields(operation, "BD", kBdFields, 4);
          break;
        case OpCode::kWrite:
          add_fields(operation, "task", kQueueFields, 0);
          break;
        case OpCode::kMaskWrite:
          add_fields(operation, "control", kMaskFields, 0);
          break;
        case OpCode::kWait:
          add_fields(operation, "wait", kWaitFields, 0);
          break;
        case OpCode::kPatch:
          add_fields(operation, "patch", kPatchFields, 0);
          break;
      }
      add(operation, text(name_of(operation), " removed"), Mutant::Change::kRemove);
      add(operation, text(name_of(operation), " twice"), Mutant::Change::kRepeat);
    }
    for (unsigned a = 0; a < arguments_; ++a) {
      for (unsigned b = a + 1; b < arguments_; ++b) {
        made_.push_back({"arguments swapped",
                         text("arguments ", a, " and ", b),
                         0,
                         Mutant::Change::kSwapArguments,
                         0,
                         0,
                         {a, b}});
      }
    }
    return std::move(made_);
  }

 private:
  static const char* name_of(const Operation& operation) {
    switch (operation.code) {
      case OpCode::kBlockWrite:
        return "BD";
      case OpCode::kWrite:
        return "task";
      case OpCode::kMaskWrite:
        return "control";
      case OpCode::kWait:
        return "wait";
      case OpCode::kPatch:
        return "patch";
    }
    return "";
  }

  void add(const Operation& operation, std::string kind, Mutant::Change change) {
    made_.push_back({std::move(kind), operation.where(), operation.index, change});
  }

  template <size_t kCount>
  void add_fields(const Operation& operation, const char* name, const Field (&fields)[kCount],
                  size_t first_word) {
    for (const Field& field : fields) {
      const size_t word = operation.word + first_word + field.word;
      const unsigned bits = field.high - field.low + 1;
      const uint32_t mask = bits == 32 ? ~uint32_t{0} : (uint32_t{1} << bits) - 1;
      const uint32_t value = words_[word] >> field.low & mask;
      const auto add_value = [&](const char* sign, uint32_t changed) {
        add(operation, text(name, " ", field.name, sign), Mutant::Change::kWord);
        made_.back().word = word;
        made_.back().value = (words_[word] & ~(mask << field.low)) | (changed & mask) << field.low;
      };
      add_value(" + 1", value + 1);
      if (bits > 1) add_value(" - 1", value - 1);
    }
  }

  const std::vector<uint32_t>& words_;
  const std::vector<Operation> operations_;
  const unsigned arguments_;
  std::vector<Mutant> made_;
};

}  // namespace

std::vector<Mutant> mutants_of(const std::vector<uint32_t>& words, unsigned arguments) {
  return Maker(words, arguments).make();
}

std::vector<uint32_t> apply(const Mutant& mutant, const std::vector<uint32_t>& words) {
  std::vector<uint32_t> changed = words;
  if (mutant.change == Mutant::Change::kWord) {
    changed[mutant.word] = mutant.value;
    return changed;
  }
  if (mutant.change == Mutant::Change::kSwapArguments) return changed;
  const auto operations = twin::parse(words, twin::Target{});
  const Operation& operation = operations[mutant.operation];
  const size_t end = mutant.operation + 1 < operations.size()
                         ? operations[mutant.operation + 1].word
                         : words.size();
  const auto at = [&](size_t word) { return changed.begin() + static_cast<ptrdiff_t>(word); };
  if (mutant.change == Mutant::Change::kRemove) {
    changed.erase(at(operation.word), at(end));
    --changed[2];
  } else {
    const std::vector<uint32_t> again(at(operation.word), at(end));
    changed.insert(at(end), again.begin(), again.end());
    ++changed[2];
  }
  changed[3] = static_cast<uint32_t>(changed.size() * sizeof(uint32_t));
  return changed;
}

}  // namespace npu::testing
