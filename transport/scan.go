package transport

import "github.com/usherhq/usher/engine/chart/jsonread"

// scanner walks JSON text that is known to be well formed.
type scanner struct {
	text []byte
	at   int
}

// next skips white space and looks at the byte that follows; 0 at the end.
func (s *scanner) next() byte {
	for s.at < len(s.text) {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return c
		}
	}
	return 0
}

// more tells whether another member follows, stepping past the comma or the closing
// bracket.
func (s *scanner) more(closing byte) bool {
	c := s.next()
	if c == ',' {
		s.at++
		c = s.next()
	}
	if c == closing {
		s.at++
		return false
	}
	return c != 0
}

// value steps past the value that comes next and returns it. It does not recurse: the
// depth is the sender's choice.
func (s *scanner) value() []byte {
	s.next()
	start, depth := s.at, 0
	for s.at < len(s.text) {
		switch s.next() {
		case '{', '[':
			depth++
			s.at++
		case '}', ']':
			depth--
			s.at++
		case ',', ':':
			s.at++
		case '"':
			s.skipText()
		default:
			s.skipLiteral()
		}
		if depth == 0 {
			break // of the loop: the switch has ended
		}
	}
	return s.text[start:s.at]
}

func (s *scanner) skipText() {
	for s.at++; s.text[s.at] != '"'; s.at++ {
		if s.text[s.at] == '\\' {
			s.at++
		}
	}
	s.at++
}

func (s *scanner) skipLiteral() {
	for ; s.at < len(s.text); s.at++ {
		switch s.text[s.at] {
		case ',', ':', ']', '}', ' ', '\t', '\r', '\n':
			return
		}
	}
}

func (s *scanner) kind() string { return jsonread.Kind(s.text[s.at]) }
