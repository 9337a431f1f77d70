package jsonread

// Field is one field of an object that fills a T: its name, whether it must be there, and how its value is read.
type Field[T any] struct {
	name     string
	required bool
	read     func(*Reader, *T)
}

// Need is a field that must be there.
func Need[T any](name string, read func(*Reader, *T)) Field[T] { return Field[T]{name, true, read} }

// May is a field that may be left out.
func May[T any](name string, read func(*Reader, *T)) Field[T] { return Field[T]{name, false, read} }

// Object fills into from the object that comes next. Fields that are unknown, given twice, or required and left out are noted; null is as good as left out. There may be at
// most 32 fields.
func Object[T any](r *Reader, fields []Field[T], into *T) {
	if !r.opens('{', "an object") {
		return
	}
	var seen, present uint32
	for r.more('}') {
		key := r.quoted()
		r.colon()
		i := find(fields, key)
		if i < 0 && r.lenient {
			r.Skip()
			continue
		}
		r.push(step{key: key})
		switch {
		case i < 0:
			r.Note("is not a known field")
			r.Skip()
		case seen&(1<<i) != 0:
			r.Note("is given twice")
			r.Skip()
		case r.next() == 'n':
			seen |= 1 << i
			r.Skip()
		default:
			seen |= 1 << i
			present |= 1 << i
			fields[i].read(r, into)
		}
		r.pop()
	}
	for i := range fields {
		if fields[i].required && present&(1<<i) == 0 {
			r.missing(fields[i].name, seen&(1<<i) != 0)
		}
	}
}

func find[T any](fields []Field[T], key string) int {
	for i := range fields {
		if fields[i].name == key {
			return i
		}
	}
	return -1
}

// List reads the array that comes next, each element by one call of one. Elements beyond MaxElements are noted, once, and skipped.
func List[T any](r *Reader, one func(*Reader, *T)) []T {
	if !r.opens('[', "a list") {
		return nil
	}
	var list []T
	for i := 0; r.more(']'); i++ {
		if r.elements++; r.elements > MaxElements {
			r.tooMany()
			continue
		}
		list = append(list, *new(T))
		r.push(step{index: i})
		one(r, &list[i])
		r.pop()
	}
	return list
}

func (r *Reader) tooMany() {
	if r.elements == MaxElements+1 {
		r.Note("has more elements than a chart can have")
	}
	r.Skip()
}

func (r *Reader) push(s step) { r.path = append(r.path, s) }
func (r *Reader) pop()        { r.path = r.path[:len(r.path)-1] }

func (r *Reader) missing(name string, null bool) {
	r.push(step{key: name})
	if null {
		r.Note("must not be null")
	} else {
		r.Note("is missing")
	}
	r.pop()
}

// opens steps into an object or list; anything else is noted and skipped.
func (r *Reader) opens(bracket byte, want string) bool {
	if r.next() != bracket {
		r.wrong(want)
		return false
	}
	r.at++
	return true
}

// more tells whether another member follows, and steps past the comma or the closing bracket.
func (r *Reader) more(closing byte) bool {
	c := r.next()
	if c == ',' {
		r.at++
		c = r.next()
	}
	if c == closing {
		r.at++
		return false
	}
	return true
}

func (r *Reader) colon() {
	r.next()
	r.at++
}
