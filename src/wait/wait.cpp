// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "cohort/wait/wait.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <climits>
#include <deque>
#include <optional>
#include <string>

#include "cohort/base/error.hpp"
#include "connection/transport.hpp"
#include "family/family.hpp"
#include "object/handle_access.hpp"
#include "object/objects.hpp"
#include "object/watch_point.hpp"
#include "os/stream_io.hpp"
#include "os/thread.hpp"
#include "park/fence.hpp"
#include "park/wait_word.hpp"
#include "watch/death_watch.hpp"
#include "watch/local_state.hpp"

namespace cohort {

namespace {

using detail::ConnectionAccess;
using detail::Transport;
using object::Objects;
using object::WatchPoint;
using watch::DeathWatch;
using watch::kLongestSleep;

WatchPoint watch_point_of(const SharedHandle& handle) {
  void* body = detail::HandleAccess::body(handle);
  if (watch::LocalState(detail::HandleAccess::local_flags(handle)).closed())
    throw ClosedError("wait", "", "this process has closed the object");
  std::uint32_t kind = object::header_of(body).kind;
  auto watch_point = object::operations_of(kind).watch_point;
  if (watch_point == nullptr)
    throw ValueError("wait", std::to_string(kind), "an object of this kind cannot be waited for");
  return watch_point(body);
}

// An object in the family memory that is waited for.
class Watched {
 public:
  Watched(Transport& transport, const WatchPoint& point) : use_(std::in_place, transport, "wait"), point_(point) {}
  explicit Watched(const SharedHandle& handle) : point_(watch_point_of(handle)) {}
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;

  [[nodiscard]] bool ready() const {
    if (use_) use_->check_open();
    return point_.is_ready();
  }
  /// From here on a change notifies. Look at ready() behind a heavy fence, and at the word before.
  void watch() noexcept {
    if (!watching_) point_.count_in();
    watching_ = true;
    point_.mark();
  }
  /// The end of that, in two steps with a heavy fence between them.
  void unwatch() noexcept {
    if (!watching_) return;
    point_.count_out();
    // The mark that woke us may have been that of one who sleeps for this object alone.
    point_.mark();
  }
  void pass_on() noexcept {
    if (watching_) point_.pass_on();
  }

 private:
  std::optional<Transport::Use> use_;
  WatchPoint point_;
  bool watching_ = false;
};

// Of those who wait for what may take hours.
park::Hooks idle_hooks() noexcept { return {.spin = park::kNoSpin, .patience = park::Patience::of_an_idle_waiter()}; }

// A thread that sleeps on the family's watch word and makes a descriptor readable each time that it changes, for as
// long as this lives: the system can sleep for a word or for descriptors, not for both.
class WordBell {
 public:
  explicit WordBell(std::atomic<std::uint32_t>& word, std::uint32_t seen)
      : word_(word), seen_(seen), bell_(os::make_eventfd()) {
    thread_.emplace([](void* raw) { return static_cast<WordBell*>(raw)->turn(); }, this, "cohort-bell", 64 * 1024);
  }
  ~WordBell() {
    over_.store(true, std::memory_order_relaxed);  // relaxed: ordered by the word, which notify() changes
    park::WaitWord(word_, park::Mark()).notify(INT_MAX);
    thread_.reset();
  }
  WordBell(const WordBell&) = delete;
  WordBell& operator=(const WordBell&) = delete;
  [[nodiscard]] int fd() const noexcept { return bell_.get(); }
  void silence() noexcept { os::take_notifications(bell_.get()); }

 private:
  bool turn() noexcept {
    // SYNC(over): ~WordBell() -> acquire here; carries over_ (other side: WaitWord::notify())
    auto changed = [this] { return word_.load(std::memory_order_acquire) != seen_; };
    (void)park::WaitWord(word_, park::Mark()).wait(changed, {}, idle_hooks());
    seen_ = word_.load(std::memory_order_acquire);            // SYNC(over): as above
    if (over_.load(std::memory_order_relaxed)) return false;  // relaxed: ordered by the word
    os::notify(bell_.get());
    return true;
  }

  std::atomic<std::uint32_t>& word_;
  std::uint32_t seen_;  // the thread's
  os::Fd bell_;
  std::atomic<bool> over_{false};
  std::optional<os::Thread> thread_;
};

// One call of wait().
class Waiting {
 public:
  Waiting(std::span<const Waitable> things, const Until& until) : until_(until), ready_(things.size(), false) {
    for (std::size_t i = 0; i < things.size(); ++i) add(things[i], i);
  }

  ~Waiting() {
    if (!watching_) return;
    for (Watched& object : objects_) object.unwatch();
    fence();
    for (Watched& object : objects_) object.pass_on();
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

  std::vector<std::size_t> run() {
    if (look(Deadline::now()) || until_.over()) return answer();
    if (objects_.empty())
      wait_for_descriptors();
    else if (items_.empty())
      wait_for_objects();
    else
      wait_for_all();
    return answer();
  }

 private:
  void add(const Waitable& thing, std::size_t index) {
    if (thing.connection() != nullptr) {
      add_connection(ConnectionAccess::transport(*thing.connection(), "wait"), index);
    } else if (thing.object() != nullptr) {
      objects_.emplace_back(*thing.object());
      object_index_.push_back(index);
    } else {
      add_descriptor(thing.descriptor(), index);
    }
  }
  void add_connection(Transport& transport, std::size_t index) {
    Transport::Source source = transport.source("wait");
    if (source.point) {
      objects_.emplace_back(transport, *source.point);
      object_index_.push_back(index);
      return;
    }
    streams_.emplace_back(transport, items_.size());
    items_.push_back(source.item);
    item_index_.push_back(index);
  }
  void add_descriptor(int fd, std::size_t index) {
    if (fd < 0) throw ValueError("wait", std::to_string(fd), "that is no descriptor");
    if (!os::is_open(fd)) throw OsError(EBADF, "wait", std::to_string(fd));
    items_.push_back({.fd = fd});
    item_index_.push_back(index);
  }

  bool look_at_objects() {
    for (std::size_t i = 0; i < objects_.size(); ++i)
      if (objects_[i].ready()) any_ = ready_[object_index_[i]] = true;
    return any_;
  }
  // A stream is ready when all of a message has come. What has come is taken in, or its descriptor would stay readable.
  bool look_at_streams() {
    for (Stream& stream : streams_) {
      auto found = stream.transport.look(until_.deadline, "wait");
      bool busy = found == Transport::Look::busy;
      items_[stream.item] = busy ? os::PollItem{} : stream.transport.source("wait").item;
      any_busy_ = any_busy_ || busy;
      if (found == Transport::Look::ready) any_ = ready_[item_index_[stream.item]] = true;
    }
    return any_;
  }
  // Looks at everything; waits for descriptors until `deadline`, unless something is ready already.
  bool look(Deadline deadline) {
    any_busy_ = false;
    bool found = look_at_objects();
    found = look_at_streams() || found;
    if (items_.empty()) return found;
    (void)os::poll_items(items_, found ? Deadline::now() : sleep_until(deadline));
    std::size_t stream = 0;  // in the order of their items
    for (std::size_t i = 0; i < item_index_.size(); ++i) {
      bool is_stream = stream < streams_.size() && streams_[stream].item == i;
      if (is_stream) ++stream;
      if (items_[i].ready && !is_stream) any_ = ready_[item_index_[i]] = true;
    }
    return any_;
  }
  // While another thread receives at a connection, its descriptor says nothing to us: look again soon. One that another
  // thread closes is noticed at the next look.
  [[nodiscard]] Deadline sleep_until(Deadline deadline) const {
    if (streams_.empty()) return deadline;
    return Deadline::earlier(deadline, any_busy_ ? Deadline(kBusyLook) : Deadline(kLongestSleep));
  }
  // Meets the light fence of who changes an object: it sees that we watch, or we see the change.
  static void fence() noexcept { park::heavy_fence(); }

  // The descriptors, and that of a stop, which comes last.
  void wait_for_descriptors() {
    park::StopDescriptor stop(until_);
    if (stop.fd() >= 0) items_.push_back({.fd = stop.fd()});
    while (!look(until_.deadline) && !until_.over()) {}
  }

  // From here on a change of any object rings, at the word that is slept on.
  void watch() noexcept {
    watching_ = true;
    for (Watched& object : objects_) object.watch();
  }

  void wait_for_objects() {
    auto watch_all = [this] { watch(); };
    FunctionRef<void()> marks = watch_all;
    DeathWatch deaths;
    park::Hooks hooks = idle_hooks();
    hooks.overdue = deaths;
    // SYNC(watch): release in Objects::ring_watchers() -> acquire in WaitWord::announce(); carries the change
    park::WaitWord word(Objects::instance().watch_word(), park::Mark(marks));
    (void)word.wait([this] { return look(Deadline::now()); }, until_, hooks);
  }

  // A descriptor stands for the word, since the system can sleep for one or the other.
  void wait_for_all() {
    auto watch_all = [this] { watch(); };
    FunctionRef<void()> marks = watch_all;
    auto& word = Objects::instance().watch_word();
    park::StopBell stop(until_, word);
    std::optional<WordBell> bell;
    DeathWatch deaths;
    while (true) {
      // SYNC(watch): as in wait_for_objects()
      std::uint32_t seen = park::WaitWord(word, park::Mark(marks)).announce();
      if (look(Deadline::now()) || until_.over()) return;
      if (!bell) {
        bell.emplace(word, seen);
        items_.push_back({.fd = bell->fd()});
      }
      (void)os::poll_items(items_, sleep_until(Deadline::earlier(until_.deadline, Deadline(kLongestSleep))));
      bell->silence();
      deaths.look();
    }
  }

  std::vector<std::size_t> answer() const {
    std::vector<std::size_t> positions;
    for (std::size_t i = 0; i < ready_.size(); ++i)
      if (ready_[i]) positions.push_back(i);
    return positions;
  }

  static constexpr std::chrono::milliseconds kBusyLook{10};
  // A connection over a descriptor, which stays open while it is waited for.
  struct Stream {
    Stream(Transport& end, std::size_t item_index) : transport(end), use(end, "wait"), item(item_index) {}
    Transport& transport;
    Transport::Use use;
    std::size_t item;  // of items_
  };

  const Until& until_;
  std::vector<bool> ready_;
  bool any_ = false;
  bool any_busy_ = false;
  bool watching_ = false;
  std::deque<Watched> objects_;
  std::vector<std::size_t> object_index_;
  std::vector<os::PollItem> items_;
  std::vector<std::size_t> item_index_;
  std::deque<Stream> streams_;
};

}  // namespace

std::vector<std::size_t> wait(std::span<const Waitable> things, const Until& until) {
  if (things.empty() && until.deadline.is_never() && !until.may_stop())
    throw ValueError("wait", "things", "is empty, and neither a deadline nor a stop would end the wait");
  std::vector<std::size_t> ready = Waiting(things, until).run();
  if (ready.empty() && until.stopped()) detail::throw_stopped("wait");
  return ready;
}

}  // namespace cohort
