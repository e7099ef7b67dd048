// SPDX-License-Identifier: LGPL-2.1-or-later
#include "twin_executor.h"

namespace npu::testing {
namespace {

using xrt_double::DeviceBuffer;
using xrt_double::Outcome;

constexpr size_t kWord = 4;

}  // namespace

TwinExecutor::Object& TwinExecutor::object_of(const DeviceBuffer& buffer) {
  const size_t end = buffer.first_word + buffer.bytes.size() / kWord;
  Object& object = objects_[buffer.address - buffer.first_word * kWord];
  if (object.written.words() < end) object = {twin::WordMap(end), false};
  if (object.is_all) return object;
  const size_t words = object.written.words();
  for (size_t first = 0; first < words;) {
    const size_t known = buffer.words->first_unknown(first, words - first);
    object.written.set(first, known - first);
    object.is_all = first == 0 && known == words;
    first = known + 1;
  }
  return object;
}

Outcome TwinExecutor::run(const xrt_double::Stream& stream) {
  std::vector<twin::Buffer> buffers;
  std::vector<const DeviceBuffer*> of;
  for (const DeviceBuffer& buffer : stream.buffers) {
    if (buffer.words == nullptr) break;  // not set, nor are those behind it
    buffers.push_back({buffer.bytes, buffer.address, nullptr, buffer.first_word});
    of.push_back(&buffer);
  }
  // Maps grow with what is seen of an object: all of them first.
  for (const DeviceBuffer* buffer : of) object_of(*buffer);
  for (size_t i = 0; i < of.size(); ++i) buffers[i].written = &object_of(*of[i]).written;
  const twin::Report report = array_.run(stream.words, buffers);
  for (size_t i = 0; i < of.size(); ++i) {
    const Object& object = object_of(*of[i]);
    for (size_t word = 0; !object.is_all && word < of[i]->bytes.size() / kWord; ++word)
      if (!object.written.unset(of[i]->first_word + word, 1)) of[i]->mark(word, 1);
  }
  if (!report.fault) return {};
  const bool hangs = report.fault->kind == twin::FaultKind::kDeadlock;
  return {hangs ? Outcome::Kind::kHang : Outcome::Kind::kFault, report.fault->message};
}

}  // namespace npu::testing
