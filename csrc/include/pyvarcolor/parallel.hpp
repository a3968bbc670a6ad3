// The only place that knows OpenMP: teams that share rows and sums, and the wavefront of a fused iteration.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <vector>

#ifdef _OPENMP
#include <omp.h>
#endif
#ifdef __linux__
#include <pthread.h>
#endif

#include "pyvarcolor/image.hpp"

namespace pyvarcolor {

// Threads that kernels called from this thread may use.
inline int& thread_limit() {
    static thread_local int limit = 1;
    return limit;
}

inline int available_threads() {
#ifdef _OPENMP
    return omp_get_max_threads();
#else
    return 1;
#endif
}

// GNU OpenMP hangs in a child that was forked by a thread with a team: such a thread lets its team go first.
inline void make_forks_safe() {
#if defined(_OPENMP) && defined(__linux__)
    pthread_atfork([] { omp_pause_resource_all(omp_pause_soft); }, nullptr, nullptr);
#endif
}

// Threads worth starting for an image of this size: each gets enough pixels, and rows for a pipeline.
template <class T>
int threads_for(const Image<T>& image) {
    constexpr Index pixels_each = 8192, rows_each = 8;
    const Index most = std::min(image.rows * image.cols / pixels_each, image.rows / rows_each);
    return static_cast<int>(std::clamp<Index>(most, 1, thread_limit()));
}

// A count that one thread raises and others wait for. Who waits for long sleeps: on a busy machine a thread that spins
// takes the processor from the one that it waits for, and one that yields loses its own turn, some milliseconds.
class Count {
public:
    void add_one() {
        value_.fetch_add(1);
        wake();
    }

    void set(Index value) {
        value_.store(value);
        wake();
    }

    void wait_for(Index value) {
        constexpr int spins = 5000;  // some microseconds, less than it takes to sleep and wake
        for (int spin = 0; spin < spins; ++spin)
            if (value_.load(std::memory_order_acquire) >= value) return;
        std::unique_lock lock(mutex_);
        ++sleepers_;
        raised_.wait(lock, [&] { return value_.load() >= value; });
        --sleepers_;
    }

private:
    // Sequential consistency: either we see the sleeper here, or it sees the new value before it sleeps.
    void wake() {
        if (sleepers_.load() == 0) return;
        const std::lock_guard lock(mutex_);
        raised_.notify_all();
    }

    std::atomic<Index> value_{0};
    std::atomic<int> sleepers_{0};
    std::mutex mutex_;
    std::condition_variable raised_;
};

// One number a channel.
struct Sums {
    std::array<double, 2> of{};
    Sums& operator+=(const Sums& other) {
        of[0] += other.of[0], of[1] += other.of[1];
        return *this;
    }
};

// What the threads of a team share.
struct Meeting {
    Count arrived;
    std::array<std::vector<Sums>, 2> partial;  // in turn, so that one sum can begin while the last is read
};

// One thread of a team that goes through a kernel together, row by row of the same image.
class Team {
public:
    Team(Meeting& meeting, Index rows, Index me, Index size) : meeting_(meeting), rows_(rows), me_(me), size_(size) {}

    // f(i) for every row, each thread a band of them; f must write to row i alone. Returns when all rows are done.
    template <class F>
    void rows(F f) {
        pipeline(rows_, f);
    }

    // Stages that follow each other down `count` rows while these are in cache: stage k comes to row i when the stage
    // before it is done with rows i - 1, i and i + 1.
    template <class... Stages>
    void pipeline(Index count, Stages... stages) {
        constexpr Index depth = sizeof...(Stages);
        const auto run = [&](Index stage, Index i) {
            Index k = 0;
            ((k++ == stage ? static_cast<void>(stages(i)) : void()), ...);
        };
        const Index first = me_ * count / size_, last = (me_ + 1) * count / size_;
        const Index has_band_before = me_ > 0,
                    has_band_after = me_ + 1 < size_;  // a stage ends one row further from the next band
        for (Index s = first; s < last + depth - 1; ++s) {
            for (Index k = 0; k < depth; ++k)
                if (s - k >= first + has_band_before * k && s - k < last - has_band_after * k) run(k, s - k);
        }
        meet();
        if constexpr (depth > 1) {
            for (Index k = 1; k < depth * has_band_after; ++k)
                for (Index i = last - k; i < last + k; ++i) run(k, i);
            meet();
        }
    }

    // f(begin, end) on each thread's share of `count` things.
    template <class F>
    void split(Index count, F f) {
        f(me_ * count / size_, (me_ + 1) * count / size_);
        meet();
    }

    // Whether bands of so many rows are high enough for a pipeline.
    bool fits(Index count, Index depth) const { return count >= 2 * depth * size_; }

    // Sum of f(i) over rows, added in row order: the same bits for any number of threads.
    template <class F>
    Sums sum(F f) {
        std::vector<Sums>& partial = partials();
        rows([&](Index i) { partial[static_cast<std::size_t>(i)] = f(i); });
        return total(partial, rows_);
    }

    // Where a pipeline may leave one summand a row, and their sum in row order.
    std::vector<Sums>& partials() { return meeting_.partial[static_cast<std::size_t>(sums_++ % 2)]; }
    static Sums total(const std::vector<Sums>& partial, Index count) {
        Sums sum;
        for (Index i = 0; i < count; ++i) sum += partial[static_cast<std::size_t>(i)];
        return sum;
    }

    // body(team of one) on the first thread; the others wait. For work too small to share.
    template <class Body>
    void alone(Body body) {
        if (is_first()) {
            Meeting own;
            Team one(own, rows_, 0, 1);
            body(one);
        }
        meet();
    }

    bool is_first() const { return me_ == 0; }
    Index size() const { return size_; }

private:
    void meet() {
        meeting_.arrived.add_one();
        meeting_.arrived.wait_for(++meetings_ * size_);
    }

    Meeting& meeting_;
    Index rows_, me_, size_, meetings_ = 0, sums_ = 0;
};

// body(team) on every thread of a team for this image; what body declares, each thread has for itself.
template <class T, class Body>
void with_team(const Image<T>& image, Body body) {
    Meeting meeting;
    for (auto& partial : meeting.partial) partial.resize(static_cast<std::size_t>(image.rows));
    [[maybe_unused]] const int threads = threads_for(image);
#ifdef _OPENMP
#pragma omp parallel num_threads(threads) if (threads > 1)
    {
        Team team(meeting, image.rows, omp_get_thread_num(), omp_get_num_threads());
        body(team);
    }
#else
    Team team(meeting, image.rows, 0, 1);
    body(team);
#endif
}

// f(i) for every row of an image.
template <class T, class F>
void parallel_rows(const Image<T>& image, F f) {
    with_team(image, [&](Team& team) { team.rows(f); });
}

// Sum of f(i) over the rows of an image.
template <class T, class F>
double parallel_sum(const Image<T>& image, F f) {
    double total = 0;
    with_team(image, [&](Team& team) {
        const Sums sums = team.sum([&](Index i) { return Sums{{f(i), 0}}; });
        if (team.is_first()) total = sums.of[0];
    });
    return total;
}

// Runs n iterations of a row-by-row scheme in few passes over memory, several iterations deep.
//
// One iteration is a sequence of `steps` row steps, step i touching only rows near i, such that step i of the next
// iteration may run once step i + lag of this one is done. `depth` iterations then follow each other down the image,
// `lag` rows apart, while the rows between them are still in cache. Threads take consecutive iterations, not rows,
// each waiting for the one before it: whatever their number, every row step sees the same operands.
//
//   make_level()      scratch of one iteration in flight
//   step(level, i)    row step i
template <class T, class MakeLevel, class Step>
void wavefront(const Image<T>& image, Index n, Index steps, Index lag, MakeLevel make_level, Step step) {
    const Index depth = 8 * threads_for(image);
    const Index passes = (n + depth - 1) / depth;
    const Index levels = passes > 0 ? (n + passes - 1) / passes : 0;
    std::vector<Count> finished(static_cast<std::size_t>(levels));

    // One worker's share: iterations [first, last) of every pass.
    const auto work = [&](Index first, Index last) {
        std::vector<decltype(make_level())> own;
        for (Index level = first; level < last; ++level) own.push_back(make_level());
        const Index before = (first + levels - 1) % levels;  // the iteration that this worker follows
        for (Index pass = 0; pass < passes; ++pass) {
            const Index before_done = (first > 0 ? pass : pass - 1) * steps;
            for (Index s = 0; s < steps + lag * (last - first - 1); ++s) {
                if (s < steps)
                    finished[static_cast<std::size_t>(before)].wait_for(before_done + std::min(s + lag + 1, steps));
                for (Index level = first; level < last; ++level) {
                    const Index i = s - lag * (level - first);
                    if (i < 0 || i >= steps) continue;
                    if (pass * levels + level < n) step(own[static_cast<std::size_t>(level - first)], i);
                    finished[static_cast<std::size_t>(level)].set(pass * steps + i + 1);
                }
            }
        }
    };

    [[maybe_unused]] const int workers = static_cast<int>(std::min<Index>(threads_for(image), levels));
#ifdef _OPENMP
#pragma omp parallel num_threads(workers) if (workers > 1)
    {
        const Index team = omp_get_num_threads(), me = omp_get_thread_num();
        work(me * levels / team, (me + 1) * levels / team);
    }
#else
    work(0, levels);
#endif
}

}  // namespace pyvarcolor
