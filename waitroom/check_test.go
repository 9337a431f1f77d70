package waitroom

import (
	"fmt"
	"strings"
	"testing"
)

// TestCheckTellsNoSecrets: what Check says goes into logs, and who has a room's secret makes tokens.
func TestCheckTellsNoSecrets(t *testing.T) {
	rs, r := newRoomOf(t, newStock(), wide())
	r.secret, r.seed = [32]byte{201, 202, 203}, [32]byte{211, 212, 213}
	r.keyNo = 0
	err := rs.Check()
	if err == nil {
		t.Fatal("a room without a key is sound")
	}
	for _, secret := range [][32]byte{r.secret, r.seed} {
		for _, format := range []string{"%v", "%x"} {
			if text := strings.Trim(fmt.Sprintf(format, secret[:3]), "[]"); strings.Contains(err.Error(), text) {
				t.Errorf("%s is told: %v", text, err)
			}
		}
	}
}
