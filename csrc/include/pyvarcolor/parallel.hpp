// The only place that knows OpenMP: teams that share rows and sums, and the wavefront of a fused iteration.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>
#include <vector>

#ifdef _OPENMP
#include <omp.h>
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

// Threads worth starting for an image of this size.
template <class T>
int threads_for(const Image<T>& image) {
    constexpr Index pixels_each = 8192;
    return static_cast<int>(std::clamp<Index>(image.rows * image.cols / pixels_each, 1, thread_limit()));
}

// Waits until other threads have counted up to `value`. Gives way soon: on a busy machine, whoever spins takes the
// processor from the thread that is waited for (OpenMP's own barriers spin for milliseconds).
inline void wait_for(const std::atomic<Index>& counter, Index value) {
    for (int spins = 0; counter.load(std::memory_order_acquire) < value; ++spins) {
        if (spins > 1000) std::this_thread::yield();
    }
}

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
    std::atomic<Index> arrived{0};
    std::array<std::vector<Sums>, 2> partial;  // in turn, so that one sum can begin while the last is read
};

// One thread of a team that goes through a kernel together, row by row of the same image.
class Team {
public:
    Team(Meeting& meeting, Index rows, Index me, Index size) : meeting_(meeting), rows_(rows), me_(me), size_(size) {}

    // f(i) for every row, each thread a band of them; f must write to row i alone. Returns when all rows are done.
    template <class F>
    void rows(F f) {
        for (Index i = me_ * rows_ / size_; i < (me_ + 1) * rows_ / size_; ++i) f(i);
        meeting_.arrived.fetch_add(1, std::memory_order_acq_rel);
        wait_for(meeting_.arrived, ++meetings_ * size_);
    }

    // Sum of f(i) over rows, added in row order: the same bits for any number of threads.
    template <class F>
    Sums sum(F f) {
        std::vector<Sums>& partial = meeting_.partial[static_cast<std::size_t>(sums_++ % 2)];
        rows([&](Index i) { partial[static_cast<std::size_t>(i)] = f(i); });
        Sums total;
        for (const Sums& part : partial) total += part;
        return total;
    }

    bool is_first() const { return me_ == 0; }

private:
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
    std::vector<std::atomic<Index>> finished(static_cast<std::size_t>(levels));
    for (auto& count : finished) count.store(0, std::memory_order_relaxed);

    // One worker's share: iterations [first, last) of every pass.
    const auto work = [&](Index first, Index last) {
        std::vector<decltype(make_level())> own;
        for (Index level = first; level < last; ++level) own.push_back(make_level());
        const Index before = (first + levels - 1) % levels;  // the iteration that this worker follows
        for (Index pass = 0; pass < passes; ++pass) {
            const Index before_done = (first > 0 ? pass : pass - 1) * steps;
            for (Index s = 0; s < steps + lag * (last - first - 1); ++s) {
                if (s < steps)
                    wait_for(finished[static_cast<std::size_t>(before)], before_done + std::min(s + lag + 1, steps));
                for (Index level = first; level < last; ++level) {
                    const Index i = s - lag * (level - first);
                    if (i < 0 || i >= steps) continue;
                    if (pass * levels + level < n) step(own[static_cast<std::size_t>(level - first)], i);
                    finished[static_cast<std::size_t>(level)].store(pass * steps + i + 1, std::memory_order_release);
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
