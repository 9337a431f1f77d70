// Package jsonread reads documents whose sender deserves to hear of every mistake, with its place.
//
// encoding/json stops at the first wrong type, takes a key twice or in another case, and cannot say which of 90,000 seats it means. A Reader walks a text that encoding/json
// has found well formed, fills structs by tables of fields, notes what does not fit and goes on. It makes one pass and allocates what the structs keep.
package jsonread
