// SPDX-License-Identifier: LGPL-2.1-or-later
// A recorded list as the array's operations, before anything has a place: which parameters, which
// values, in which forms.
#pragma once

#include <string>
#include <vector>

#include "device/op_list.h"
#include "device/xrt/image/descriptors.h"
#include "device/xrt/image/layout.h"
#include "quantised/network.h"
#include "result.h"

namespace npu::array {

// Rows of the encoder's matrices are padded to what all core rows work on in a round.
inline constexpr size_t kRoundRows = kernels::kCoreRows * kernels::kTile;
// Rows of the table that one run of a list takes. Longer tables are several runs: rows see only
// what lies before them.
inline constexpr size_t kDecodeRows = 16;

// Where a value lives.
enum class Home : uint8_t {
  kTemporary,  // from the step that makes it to the last that reads it
  kHost,       // under a name, shared between lists
  kTable,      // in the weights image: the positions of a stream
  kCross,      // the cross cache, of a layer
  kSelf,       // the self cache, of a layer
};

// Each is made by one step (streams that are added to are a value after each addition).
struct ArrayValue {
  Layout layout = Layout::kT64;
  Home home = Home::kTemporary;
  size_t rows = 0;                              // padded
  size_t columns = 0;                           // of K and V: 64 for each head
  std::string name = "";                        // of kHost and kTable
  int layer = 0;                                // of caches
  const std::vector<int16_t>* table = nullptr;  // of kTable: [positions][columns]
};

// Tiles of a product that one matrix makes.
struct Part {
  std::string name;
  const quantised::Matrix* matrix = nullptr;
  int out = -1;                  // -1: logits
  Layout layout = Layout::kT64;  // as which it is made: K and V share one value
};

// A step; what is set depends on `op`. Values are indices into ArrayList::values.
struct ArrayStep {
  kernels::Op op = kernels::Op::kMatmul;
  RowForm form;
  int in = -1;   // of attention and alignment the queries
  int out = -1;  // of layer norm and attention

  std::vector<Part> parts;  // of a product
  int residual = -1;
  uint32_t taps = 1;            // the rows of `in` are those of so many matrices, side by side
  bool zero_first_row = false;  // row 0 of the result becomes 0

  std::string name;                                 // of norm or attention
  const quantised::Norm* norm = nullptr;            // layer norm
  const quantised::Attention* attention = nullptr;  // attention, alignment
  int keys = -1;                                    // value with K and V

  bool gives_logits() const { return !parts.empty() && parts.front().out < 0; }
};

struct ArrayList {
  std::string name;
  std::vector<ArrayValue> values;
  std::vector<ArrayStep> steps;
  size_t positions = 0;  // rows of an encoder's list, not padded; 0: a row table

  const ArrayValue& value(int id) const { return values[static_cast<size_t>(id)]; }
};

// Names of values that live in the host's buffer, beside those of Value::buffer.
inline constexpr const char* kTokenRows = "token rows";  // embedded tokens: residual, 16 rows
inline constexpr const char* kScored = "scored";         // what the vocabulary's product reads

// Neighbouring products that read one value become one operation, whose tiles go to several
// places: Q, K and V of a layer, cross K and V of a layer. A comes as often, the columns that a
// last round leaves idle are fewer (width 384: 5 rounds for Q, K, V in place of 6), and there is
// one start instead of three.
//
// Borrows `network`. Errors: kUnsupported (the network has not what the list names, or the list is
// none of Whisper's).
Result<ArrayList> array_steps(const quantised::Network& network, const OpList& list);

}  // namespace npu::array
