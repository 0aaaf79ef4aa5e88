package main

import "time"

const (
	livedWell    = 10 * time.Second
	longestDelay = 10 * time.Second
)

// backoff counts agents that died young. The first is followed at once, then after 1, 2, 4, 8, 10, 10 ... seconds. The
// container stays the same one, so the kubelet's own back-off, up to five minutes, never applies (I32).
type backoff struct{ quickDeaths int }

func (b *backoff) next(lived time.Duration) time.Duration {
	if lived >= livedWell {
		b.quickDeaths = 0
	}
	b.quickDeaths++
	switch n := b.quickDeaths; {
	case n == 1:
		return 0
	case n <= 5:
		return min(time.Second<<(n-2), longestDelay)
	default:
		return longestDelay
	}
}
