// SPDX-License-Identifier: LGPL-2.1-or-later
#include "stream.h"

#include <iomanip>

#include "refuse.h"
#include "shim_bd.h"

namespace npu::twin {
namespace {

constexpr size_t kHeaderWords = 4;
constexpr uint32_t kMemoryRows = 1;

std::string hex(uint32_t value) {
  std::ostringstream out;
  out << "0x" << std::uppercase << std::hex << std::setw(8) << std::setfill('0') << value;
  return out.str();
}

const char* code_name(OpCode code) {
  switch (code) {
    case OpCode::kWrite:
      return "WRITE";
    case OpCode::kBlockWrite:
      return "BLOCKWRITE";
    case OpCode::kMaskWrite:
      return "MASKWRITE";
    case OpCode::kWait:
      return "wait for a token";
    case OpCode::kPatch:
      return "DDR patch";
  }
  return "";
}

// Operations that firmware knows and Phoenix does not need.
std::string other_operation(uint32_t code) {
  static constexpr const char* kLow[] = {"",
                                         "",
                                         "BLOCKSET",
                                         "",
                                         "MASKPOLL",
                                         "NOOP",
                                         "PREEMPT",
                                         "MASKPOLL_BUSY",
                                         "LOADPDI",
                                         "LOAD_PM_START",
                                         "CREATE_SCRATCHPAD",
                                         "UPDATE_STATE_TABLE",
                                         "UPDATE_REG",
                                         "UPDATE_SCRATCH",
                                         "CONFIG_SHIMDMA_BD",
                                         "CONFIG_SHIMDMA_DMABUF_BD"};
  static constexpr const char* kHigh[] = {"READ_REGS", "RECORD_TIMER", "MERGE_SYNC"};
  if (code < std::size(kLow)) return kLow[code];
  if (code >= 0x82 && code < 0x82 + std::size(kHigh)) return kHigh[code - 0x82];
  return "an unknown one";
}

class Parser {
 public:
  Parser(std::span<const uint32_t> words, const Target& target) : words_(words), target_(target) {}

  std::vector<Operation> run() {
    const uint32_t count = header();
    std::vector<Operation> operations;
    while (at_ < words_.size()) {
      if (operations.size() == count) {
        refuse(FaultKind::kFormat, count, at_, "word ", at_, ": expected the end after ", count,
               " operations, as the header says, found ", words_.size() - at_, " words more");
      }
      operations.push_back(operation(operations.size()));
    }
    if (operations.size() != count) {
      refuse(FaultKind::kFormat, operations.size(), at_, "header: expected ", operations.size(),
             " operations in word 2, found ", count);
    }
    return operations;
  }

 private:
  [[noreturn]] void bad_header(size_t word, const char* what, uint32_t expected, uint32_t found) {
    refuse(FaultKind::kFormat, 0, word, "header, word ", word, ": ", what, ": expected ", expected,
           ", found ", found);
  }

  // Returns the count of operations.
  uint32_t header() {
    if (words_.size() < kHeaderWords)
      bad_header(0, "words of the stream at least", 4, uint32_t(words_.size()));
    const uint32_t version = words_[0], shape = words_[1],
                   rows = 1 + kMemoryRows + target_.core_rows;
    if ((version & 0xFFFF) != 0x0100)
      bad_header(0, "version (minor << 8 | major)", 0x0100, version & 0xFFFF);
    if ((version >> 16 & 0xFF) != target_.generation)
      bad_header(0, "generation of the device", target_.generation, version >> 16 & 0xFF);
    if (version >> 24 != rows) bad_header(0, "rows", rows, version >> 24);
    if ((shape & 0xFF) != target_.columns) bad_header(1, "columns", target_.columns, shape & 0xFF);
    if (shape >> 8 != kMemoryRows) bad_header(1, "rows of memory tiles", kMemoryRows, shape >> 8);
    if (words_[3] != words_.size() * 4)
      bad_header(3, "bytes of the stream", uint32_t(words_.size() * 4), words_[3]);
    at_ = kHeaderWords;
    return words_[2];
  }

  Operation operation(size_t index) {
    const uint32_t code = words_[at_];
    now_ = {static_cast<OpCode>(code), index, at_};
    switch (now_.code) {
      case OpCode::kWrite:
        take(6);
        zeros({1, 3});
        expect(5, 24, "bytes");
        address(2);
        now_.values = part(4, 1);
        plain_write();
        break;
      case OpCode::kBlockWrite:
        block_write();
        break;
      case OpCode::kMaskWrite:
        take(7);
        zeros({1, 3});
        expect(6, 28, "bytes");
        address(2);
        now_.values = part(4, 1);
        now_.mask = now(5);
        mask_write();
        break;
      case OpCode::kWait:
        take(4);
        expect(1, 16, "bytes");
        wait();
        break;
      case OpCode::kPatch:
        take(12);
        expect(1, 48, "bytes");
        zeros({2, 3, 4, 5, 7, 9, 11});
        address(6);
        now_.argument = now(8);
        now_.offset = now(10);
        if (now_.target.kind != RegisterKind::kBd || now_.target.bd_word != 1)
          bad(FaultKind::kRegister, 6,
              "expected word 1 of a shim's descriptor, where its address begins");
        break;
      default:
        refuse(FaultKind::kFormat, index, at_, "operation ", index, " (word ", at_, "): code ",
               code, " is ", other_operation(code),
               ": expected WRITE 0, BLOCKWRITE 1, MASKWRITE 3, wait 128 or DDR patch 129");
    }
    at_ += length_;
    return now_;
  }

  uint32_t now(size_t word) const { return words_[now_.word + word]; }
  std::span<const uint32_t> part(size_t word, size_t count) const {
    return words_.subspan(now_.word + word, count);
  }

  template <typename... Parts>
  [[noreturn]] void bad(FaultKind kind, size_t word, const Parts&... parts) const {
    refuse(kind, now_.index, now_.word, now_.where(), ": word ", now_.word + word, ": ", parts...);
  }

  void take(size_t words) {
    length_ = words;
    if (words > words_.size() - now_.word) {
      bad(FaultKind::kFormat, 0, "expected ", words, " words, found the end of the stream after ",
          words_.size() - now_.word);
    }
  }
  void expect(size_t word, uint32_t value, const char* what) const {
    if (now(word) != value)
      bad(FaultKind::kFormat, word, what, ": expected ", value, ", found ", now(word));
  }
  void zeros(std::initializer_list<size_t> words) const {
    for (const size_t word : words) expect(word, 0, "a word without meaning");
  }

  void address(size_t word) {
    now_.address = now(word);
    const std::string unknown = locate();
    if (!unknown.empty()) {
      bad(FaultKind::kRegister, word, "address ", hex(now_.address), " is ", unknown,
          ": expected a descriptor, a channel's control or its queue in a shim of columns 0 to ",
          target_.columns - 1);
    }
  }

  // "", or what the address is instead.
  std::string locate();
  static std::string not_a_shim(unsigned row, uint32_t offset);

  void plain_write() const {
    const uint32_t value = now_.values[0];
    if (now_.target.kind == RegisterKind::kControl) {
      bad(FaultKind::kRegister, 2, "a control of ", name(now_.target.channel),
          " is written under a mask only: its other bits reset and pause the channel");
    }
    if (now_.target.kind == RegisterKind::kQueue && (value & 0x7F00'FFF0) != 0) {
      bad(FaultKind::kField, 4, "queue of ", name(now_.target.channel),
          ": expected token, repeats and a descriptor below 16 and no other bits, found ",
          hex(value));
    }
  }

  void mask_write() const {
    if (now_.target.kind != RegisterKind::kControl)
      bad(FaultKind::kRegister, 2,
          "expected a channel's control under a mask, found another register");
    if (now_.mask != 0x1F00)
      bad(FaultKind::kField, 5, "mask: expected 0x1F00, the controller id, found ", hex(now_.mask));
    if ((now_.values[0] & ~now_.mask) != 0)
      bad(FaultKind::kField, 4, "expected a value within the mask, found ", hex(now_.values[0]));
  }

  void block_write() {
    take(4);
    const uint32_t bytes = now(3);
    if (bytes % 4 != 0 || bytes <= 16)
      bad(FaultKind::kFormat, 3, "bytes: expected 16 and 4 for each of at least one value, found ",
          bytes);
    take(bytes / 4);
    address(2);
    const uint32_t tile = now(1), column = tile & 0xFF, row = tile >> 8;
    if (tile != 0 && (column != now_.target.column || row != 0)) {
      bad(FaultKind::kFormat, 1, "tile: expected 0 or that of the address, column ",
          now_.target.column, " row 0, found column ", column, " row ", row);
    }
    now_.values = part(4, bytes / 4 - 4);
    if (now_.target.kind != RegisterKind::kBd || now_.target.bd_word != 0 ||
        now_.values.size() % kBdWords != 0)
      bad(FaultKind::kRegister, 2, "expected whole descriptors of 8 words, found another range");
    const size_t last = now_.target.bd + now_.values.size() / kBdWords;
    if (last > kBds)
      bad(FaultKind::kRegister, 2, "descriptors: expected 0 to 15, found one up to ", last - 1);
    for (size_t i = 0; i < now_.values.size(); i += kBdWords) {
      const std::string fault = bd_fault(now_.values.subspan(i).first<kBdWords>());
      if (!fault.empty())
        bad(FaultKind::kField, 4 + i, "descriptor ", now_.target.bd + i / kBdWords, ": ", fault);
    }
  }

  void wait() {
    const uint32_t from = now(2), size = now(3);
    const unsigned direction = from & 0xFF, row = from >> 8 & 0xFF, column = from >> 16 & 0xFF;
    if (direction > 1 || from >> 24 != 0)
      bad(FaultKind::kFormat, 2, "direction: expected 0 (S2MM) or 1 (MM2S), found ", hex(from));
    if (row != 0 || column >= target_.columns)
      bad(FaultKind::kToken, 2, "tile: expected a shim, row 0 of columns 0 to ",
          target_.columns - 1, ", found row ", row, " of column ", column);
    if ((size & 0x00FF'FFFF) != 0x0001'0100)
      bad(FaultKind::kFormat, 3, "expected one row and one column, found ", hex(size));
    if (size >> 24 > 1) bad(FaultKind::kToken, 3, "channel: expected 0 or 1, found ", size >> 24);
    now_.channel = {column, direction == 0 ? Direction::kS2mm : Direction::kMm2s, size >> 24};
  }

  std::span<const uint32_t> words_;
  const Target& target_;
  size_t at_ = 0, length_ = 0;
  Operation now_{};
};

std::string Parser::not_a_shim(unsigned row, uint32_t offset) {
  const std::string where = row == 1 ? "a memory tile's" : text("the core's in row ", row);
  const bool memory = row == 1;
  const uint32_t bd = memory ? 0xA0000 : 0x1D000, locks = memory ? 0xC0000 : 0x1F000;
  const uint32_t control = memory ? 0xA0600 : 0x1DE00;
  const char* what = "register";
  if (offset >= bd && offset < bd + (memory ? 48 : 16) * 0x20) what = "descriptor";
  if (offset >= control && offset < control + 0x60) what = "channel";
  if (offset >= locks && offset < locks + (memory ? 64 : 16) * 0x10) what = "lock";
  return text(where, " ", what, ", which the overlay alone sets");
}

std::string Parser::locate() {
  const uint32_t address = now_.address, offset = address & 0xF'FFFF;
  const unsigned column = address >> 25, row = address >> 20 & 0x1F;
  if (column >= target_.columns) return text("in column ", column);
  if (row > kMemoryRows + target_.core_rows) return text("in row ", row);
  if (row != 0) return not_a_shim(row, offset);
  if (offset % 4 != 0) return "not that of a word";
  if (offset >= 0x14000 && offset < 0x14100) return "a lock of the shim, which no fifo uses";
  if (offset >= 0x1D220 && offset < 0x1D230) return "a channel's status, which is only read";
  now_.target = {RegisterKind::kBd, column};
  if (offset >= 0x1D000 && offset < 0x1D200) {
    now_.target.bd = (offset - 0x1D000) / 0x20;
    now_.target.bd_word = (offset - 0x1D000) % 0x20 / 4;
    return "";
  }
  if (offset < 0x1D200 || offset >= 0x1D220) return "no register that is known";
  const unsigned word = (offset - 0x1D200) / 4;
  now_.target.kind = word % 2 == 0 ? RegisterKind::kControl : RegisterKind::kQueue;
  now_.target.channel = {column, word < 4 ? Direction::kS2mm : Direction::kMm2s, word / 2 % 2};
  return "";
}

}  // namespace

std::string name(const Channel& channel) {
  return text(channel.direction == Direction::kS2mm ? "S2MM " : "MM2S ", channel.number,
              " of shim ", channel.column);
}

std::string Operation::where() const {
  if (at_end) return text("end of the stream (", index, " operations)");
  const std::string on = code == OpCode::kWait ? "" : text(" ", hex(address));
  return text("operation ", index, " (", code_name(code), on, ", word ", word, ")");
}

std::vector<Operation> parse(std::span<const uint32_t> words, const Target& target) {
  return Parser(words, target).run();
}

std::optional<Fault> check_format(std::span<const uint32_t> words, const Target& target) {
  try {
    parse(words, target);
    return std::nullopt;
  } catch (const Refusal& refusal) {
    return refusal.fault;
  }
}

}  // namespace npu::twin
