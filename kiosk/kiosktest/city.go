package kiosktest

import (
	"fmt"
	"slices"

	"hallkiosk/kiosk"
)

// City is a catalog of as many items as the city's center has, 1,038: those of c,
// and the further steps that most of them have.
func City(c *kiosk.Catalog) *kiosk.Catalog {
	big := *c
	big.Items = slices.Clone(c.Items)
	for n, more := range []kiosk.Text{{Zh: "变更", Hant: "變更", En: "Change: "}, {Zh: "注销", Hant: "註銷", En: "Cancel: "}} {
		for _, i := range c.Items {
			if len(big.Items) == 1038 {
				break
			}
			i.ID = kiosk.ItemID(fmt.Sprintf("%s-%d", i.ID, n+2))
			if i.Name.Hant != "" {
				i.Name.Hant += more.Hant
			}
			i.Name.Zh, i.Name.En, i.Words = i.Name.Zh+more.Zh, more.En+i.Name.En, nil
			big.Items = append(big.Items, i)
		}
	}
	big.Index()
	return &big
}
