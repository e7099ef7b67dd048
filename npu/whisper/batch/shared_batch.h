// SPDX-License-Identifier: LGPL-2.1-or-later
// One batch for all streams of the process that use the same model.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "cancel.h"
#include "model/model.h"
#include "result.h"
#include "whisper/batch/batch_slots.h"
#include "whisper/batch/hearing.h"
#include "whisper/transcriber.h"

namespace npu {

// A stream as the batch sees it. Everything belongs to the SharedBatch.
class BatchMember {
  friend class SharedBatch;

  std::vector<std::shared_ptr<Hearing>> hearings_;  // submitted and not collected, oldest first
  std::vector<std::shared_ptr<Hearing>> finished_;
  int queued_ = 0;     // of hearings_: without a slot
  bool news_ = false;  // something has got a slot, or is finished, since it was last told
  std::optional<Error> error_;
  TranscriberStats work_;  // not yet collected
  uint64_t last_run_ = 0;  // in which it had a part
};

// Streams submit what they want heard, the oldest of all of which gets the next free slot. There is
// no thread: of the streams that wait for their texts one does the work of all, a list of the
// device at a time, until there is news for itself; then the next one goes on. A stream may leave
// whenever it likes. The work that it was about is undone and done again by another, and what it
// has in the batch is taken out before the next list runs.
//
// Thread-safe; each member is used by one thread at a time.
class SharedBatch {
 public:
  // The batch of that model and shape: the one that others of this process use, or a new one, which
  // lives as long as somebody uses it. Errors: those of Program::create_context().
  static Result<std::shared_ptr<SharedBatch>> join(std::shared_ptr<const Model> model,
                                                   const BatchShape& shape);

  explicit SharedBatch(std::unique_ptr<BatchSlots> slots);

  // Whether there are hearings for all slots.
  bool full();
  // Whether a hearing of `member` is welcome: the batch is not full, or `member` has none that
  // waits for a slot. A stream with more audio than others thus gets no more slots than they.
  // Never while collect() has an error to tell.
  bool welcomes(const BatchMember& member);
  // Queues a hearing with its mel, window and language filled in. One that was submitted before
  // keeps its age. Precondition: it is not in the batch.
  void submit(BatchMember& member, std::shared_ptr<Hearing> hearing);
  // What has been finished for `member` since it last asked, in no particular order; adds the time
  // and work that was spent on it to `stats`. Errors: what failed in the device in a run that it
  // had a part in. It has nothing in the batch any more then.
  Result<std::vector<std::shared_ptr<Hearing>>> collect(BatchMember& member,
                                                        TranscriberStats& stats);

  // Gives free slots to what is queued and encodes all that has one, of whatever stream, unless
  // another thread is at work, which does it in its turn. Errors: kCancelled; what is to be had
  // from collect() is no error here.
  Result<void> encode(const CancelToken& cancel);
  // Returns once there is news for `member`: to be collected, or room in the queue. Waits for the
  // work of others or does it. A cancel ends it within 100 ms, for base.
  // Precondition: something of `member` is in the batch. Errors: kCancelled.
  Result<void> wait(BatchMember& member, const CancelToken& cancel);

  // Takes everything out that `member` has in the batch, and forgets what it could collect. Never
  // waits for the device. To be called before the member goes.
  void withdraw(BatchMember& member);

 private:
  using Lock = std::unique_lock<std::mutex>;

  Result<void> lead(Lock& lock, const CancelToken& cancel);
  void seat_queued();
  void settle(const Result<void>& ran);
  void count_work(Hearing& hearing);
  void tell(BatchMember& member);
  void drop(BatchMember& member);
  void remove_dropped();

  std::mutex mutex_;  // guards everything below and the members; not held while a list runs
  std::condition_variable changed_;  // there is news for somebody, or nobody leads any more
  bool leading_ = false;             // a thread runs a list: slots_ and what is in them are its
  const std::unique_ptr<BatchSlots> slots_;
  std::deque<std::shared_ptr<Hearing>> queue_;     // for slots, oldest first
  std::vector<std::shared_ptr<Hearing>> dropped_;  // may still be in slots
  const int size_;                                 // slots
  int taken_ = 0;                                  // of them, when nobody led last
  uint64_t tickets_ = 0;                           // given out
  uint64_t runs_ = 0;
};

}  // namespace npu
