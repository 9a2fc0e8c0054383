// The benchmarks of cross_gonet.c in Go, under the same names; a change there belongs here too.
// Goroutines move as they like: they only meet before they start.
package main

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

const (
	producers = 16
	burst     = 100
	batch     = 1000
	lookEach  = 128
)

func die(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func cpu() int64 {
	var t syscall.Timespec
	const processCPU = 2 // CLOCK_PROCESS_CPUTIME_ID
	if _, _, e := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, processCPU, uintptr(unsafe.Pointer(&t)), 0); e != 0 {
		die(e)
	}
	return t.Nano()
}

// What the goroutines of one run share.
type run struct {
	share       int // operations of each
	deadline    time.Time
	there, back chan int32
	near, far   net.Conn
	mutex       sync.Mutex
	counter     int64 // under mutex
	operations  int64
	producers   int32
}

func (r *run) goesOn(i int) bool {
	return i < r.share && (i%lookEach != 0 || time.Now().Before(r.deadline))
}

func (r *run) count(n int) { atomic.AddInt64(&r.operations, int64(n)) }

func (r *run) ping() {
	i := 0
	for ; r.goesOn(i); i++ {
		r.there <- 1
		<-r.back
	}
	close(r.there)
	r.count(i)
}

func (r *run) pong(index int) {
	for v := range r.there {
		r.back <- v
	}
}

func (r *run) channel(index int) {
	if index == 0 {
		r.ping()
	} else {
		r.pong(index)
	}
}

// The first goroutine takes what the others send.
func (r *run) fan(index int) {
	if index == 0 {
		n := 0
		for range r.there {
			n++
		}
		r.count(n)
		return
	}
	for i := 0; r.goesOn(i); i++ {
		r.there <- 1
	}
	if atomic.AddInt32(&r.producers, -1) == 0 {
		close(r.there)
	}
}

func (r *run) pipe(index int) {
	var one [1]byte
	if index != 0 {
		for {
			if _, err := r.far.Read(one[:]); err != nil {
				return
			}
			r.far.Write(one[:])
		}
	}
	i := 0
	for ; r.goesOn(i); i++ {
		if _, err := r.near.Write(one[:]); err != nil {
			die(err)
		}
		if _, err := r.near.Read(one[:]); err != nil {
			die(err)
		}
	}
	r.near.Close()
	r.count(i)
}

func (r *run) spawnAndYield(burst int) {
	ended := new([32]int64) // a cache line of its own
	counting := func() { atomic.AddInt64(&ended[16], 1) }
	i := 0
	for ; r.goesOn(i); i++ {
		go counting()
		if i%burst == burst-1 {
			runtime.Gosched()
		}
	}
	for atomic.LoadInt64(&ended[16]) < int64(i) {
		runtime.Gosched()
	}
	r.count(i)
}

func (r *run) spawn(index int) { r.spawnAndYield(1) }

func (r *run) burst(index int) { r.spawnAndYield(burst) }

func (r *run) spawn1000(index int) {
	var group sync.WaitGroup
	finisher := func() { group.Done() }
	i := 0
	for ; r.goesOn(i); i += batch {
		group.Add(batch)
		for k := 0; k < batch; k++ {
			go finisher()
		}
		group.Wait()
	}
	r.count(i)
}

func (r *run) yield(index int) {
	i := 0
	for ; r.goesOn(i); i++ {
		runtime.Gosched()
	}
	r.count(i)
}

func (r *run) lock(index int) {
	i := 0
	for ; r.goesOn(i); i++ {
		r.mutex.Lock()
		r.counter++
		r.mutex.Unlock()
	}
	r.count(i)
}

type cross struct {
	task     func(r *run, index int)
	tasks    int // 0: one for each processor
	active   int // how many of them do operations; 0: all
	capacity int
	own      func(r *run) // what the thread does meanwhile, or nil
}

var crosses = map[string]cross{
	"chan": {(*run).channel, 2, 1, 0, nil}, "pipe": {(*run).pipe, 2, 1, 0, nil},
	"fan":   {(*run).fan, 1 + producers, producers, 0, nil},
	"fan64": {(*run).fan, 1 + producers, producers, 64, nil},
	"spawn": {(*run).spawn, 0, 0, 0, nil}, "spawn1000": {(*run).spawn1000, 0, 0, 0, nil},
	"burst":  {(*run).burst, 0, 0, 0, nil},
	"yield2": {(*run).yield, 2, 0, 0, nil}, "yield1000": {(*run).yield, 1000, 0, 0, nil},
	"mutex16": {(*run).lock, 16, 0, 0, nil}, "thread": {(*run).pong, 1, 0, 0, (*run).ping},
}

// Who comes last lets all go; as many as there are processors keep theirs until then, so that they
// are on different ones.
type meeting struct {
	need, came int32
	begin      func()
	gone       chan bool
	left       int32
	threads    sync.Map
}

func (m *meeting) meet() {
	m.threads.Store(syscall.Gettid(), true)
	if atomic.AddInt32(&m.came, 1) == m.need {
		m.begin()
		close(m.gone)
		atomic.StoreInt32(&m.left, 1)
	}
	for int(m.need) <= runtime.GOMAXPROCS(0) && atomic.LoadInt32(&m.left) == 0 {
	}
	<-m.gone
}

func measure(c cross, ops int, limit time.Duration) (used, passed, operations int64, threads int) {
	var wall time.Time
	var group sync.WaitGroup
	tasks := c.tasks
	if tasks == 0 {
		tasks = runtime.GOMAXPROCS(0)
	}
	active := c.active
	if active == 0 {
		active = tasks
	}
	r := &run{share: ops / active, producers: producers, there: make(chan int32, c.capacity), back: make(chan int32)}
	r.near, r.far = net.Pipe()
	m := &meeting{need: int32(tasks), gone: make(chan bool)}
	m.begin = func() {
		wall, used = time.Now(), cpu()
		r.deadline = wall.Add(limit)
	}
	group.Add(tasks)
	for i := 0; i < tasks; i++ {
		go func(i int) {
			m.meet()
			c.task(r, i)
			group.Done()
		}(i)
	}
	if c.own != nil {
		<-m.gone
		c.own(r)
	}
	group.Wait()
	passed = time.Since(wall).Nanoseconds()
	used = cpu() - used
	m.threads.Range(func(_, _ interface{}) bool { threads++; return true })
	return used, passed, r.operations, threads
}

func main() {
	time.AfterFunc(2*time.Minute, func() { os.Exit(1) })
	if len(os.Args) != 3 && len(os.Args) != 4 {
		die(fmt.Errorf("usage: bench_cross_go NAME OPERATIONS [MILLISECONDS]"))
	}
	c, ok := crosses[os.Args[1]]
	ops, err := strconv.Atoi(os.Args[2])
	if !ok || err != nil || ops < 1000 {
		die(fmt.Errorf("no benchmark is named %s, or %s is no number of operations", os.Args[1], os.Args[2]))
	}
	limit := 60000
	if len(os.Args) == 4 {
		if limit, err = strconv.Atoi(os.Args[3]); err != nil {
			die(err)
		}
	}
	if c.own != nil {
		runtime.LockOSThread() // the plain thread
	}
	each := time.Duration(limit) * time.Millisecond
	measure(c, ops/10, each/4)
	used, passed, operations, threads := measure(c, ops, each)
	fmt.Printf("cpu_ns=%.1f wall_ns=%.1f operations=%d threads=%d\n", float64(used)/float64(operations),
		float64(passed)/float64(operations), operations, threads)
}
