package waitroom

import "container/heap"

// agenda is a heap of when tickets are to be looked at, earliest first. An item counts only
// if it is still the ticket's deadline: nothing is taken out before its time.
type agenda []appointment

type appointment struct {
	at     int64
	ticket uint32
}

func (a agenda) Len() int { return len(a) }

func (a agenda) Less(i, j int) bool {
	return a[i].at < a[j].at || a[i].at == a[j].at && a[i].ticket < a[j].ticket
}

func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }

func (a *agenda) Push(x any) { *a = append(*a, x.(appointment)) }

func (a *agenda) Pop() any {
	last := len(*a) - 1
	x := (*a)[last]
	*a = (*a)[:last]
	return x
}

func (a *agenda) add(at int64, ticket uint32) { heap.Push(a, appointment{at, ticket}) }

func (a *agenda) take() appointment { return heap.Pop(a).(appointment) }
