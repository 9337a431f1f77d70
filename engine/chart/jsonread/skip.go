package jsonread

// Skip steps past the value that comes next, whatever it is, without recursion: its depth is the sender's choice.
func (r *Reader) Skip() {
	for depth := 0; ; {
		switch r.next() {
		case '{', '[':
			depth++
			r.at++
		case '}', ']':
			depth--
			r.at++
		case ',', ':':
			r.at++
		case '"':
			r.skipText()
		default:
			r.skipLiteral()
		}
		if depth == 0 {
			return
		}
	}
}

// next skips white space and looks at the byte that follows; 0 at the end.
func (r *Reader) next() byte {
	for r.at < len(r.data) {
		switch c := r.data[r.at]; c {
		case ' ', '\t', '\r', '\n':
			r.at++
		default:
			return c
		}
	}
	return 0
}

// skipText steps past a string and tells whether it has escapes.
func (r *Reader) skipText() (escaped bool) {
	for r.at++; r.data[r.at] != '"'; r.at++ {
		if r.data[r.at] == '\\' {
			escaped = true
			r.at++
		}
	}
	r.at++
	return escaped
}

func (r *Reader) skipLiteral() {
	for ; r.at < len(r.data); r.at++ {
		switch r.data[r.at] {
		case ',', ':', ']', '}', ' ', '\t', '\r', '\n':
			return
		}
	}
}
