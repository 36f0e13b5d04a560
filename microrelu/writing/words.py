"""Every sentence that explains a formula, in the reader's language; formulas are the same in all.

One table: a row is a sentence, a column is a language, so that adding a language is adding a
column.
"""

from __future__ import annotations

from microrelu.settings import Choice, Setting

LANGUAGES = ("en", "id", "ja")
LANGUAGE = Setting("language", "en")

WORDS: dict[str, tuple[str, str, str]] = {
    "forward": ("Forward: values", "Propagasi maju: nilai", "順伝播：値"),
    "backward": ("Backward: gradients", "Propagasi balik: gradien", "逆伝播：勾配"),
    "gradients": ("Gradients", "Gradien", "勾配"),
    "seed": (
        "{node} is what is differentiated, so the sweep starts with 1.",
        "{node} adalah fungsi yang diturunkan, jadi propagasi balik dimulai dari 1.",
        "{node} を微分するので、逆伝播は 1 から始まります。",
    ),
    "equation 1": (
        "Equation 1: through the activation.",
        "Persamaan 1: melewati fungsi aktivasi.",
        "式 1：活性化関数を通して勾配が伝わります。",
    ),
    "equation 2": (
        "Equation 2: summed over all that {node} fed.",
        "Persamaan 2: jumlah atas semua simpul yang menerima {node} sebagai masukan.",
        "式 2：{node} を入力とするすべてのノードについて和をとります。",
    ),
    "equation 3": (
        "Equation 3: to the weights.",
        "Persamaan 3: gradien terhadap bobot.",
        "式 3：重みについての勾配です。",
    ),
    # The layers of a network
    "by layers": (
        "Backward, layer by layer: {i} counts the units of layer {k}, {j} those of layer {next}",
        "Propagasi balik, lapisan demi lapisan: {i} mencacah unit lapisan {k}, {j} unit lapisan "
        "{next}",
        "逆伝播（層ごと）：{i} は第 {k} 層、{j} は第 {next} 層のユニットの番号",
    ),
    "by layers in matrices": (
        "Backward, layer by layer, in matrices: {dot} multiplies entry by entry",
        "Propagasi balik, lapisan demi lapisan, dengan matriks: {dot} mengalikan entri demi entri",
        "逆伝播（層ごと、行列による）：{dot} は成分ごとの積",
    ),
    "our weights": (
        "{w} leads from unit {i} to unit {j}, so {equation}.",
        "{w} adalah bobot dari unit {i} ke unit {j}, jadi {equation}.",
        "{w} はユニット {i} からユニット {j} への重みなので、{equation} です。",
    ),
    "their weights": (
        "Most textbooks and PyTorch write {equation}, with the indices swapped.",
        "Kebanyakan buku teks dan PyTorch menulis {equation}, dengan urutan indeks terbalik.",
        "多くの教科書や PyTorch は、添字の順を逆にして {equation} と書きます。",
    ),
    "unit by unit": (
        "No product of matrices alone, so unit by unit:",
        "Tidak cukup satu hasil kali matriks, jadi unit demi unit:",
        "行列の積だけでは表せないので、ユニットごとに：",
    ),
    "through": (
        "through the activation",
        "melalui fungsi aktivasi",
        "活性化関数を通して",
    ),
    "summed": (
        "summed over all that unit {i} fed",
        "dijumlahkan atas semua penerima keluaran unit {i}",
        "ユニット {i} を入力とするすべてのユニットについての和",
    ),
    "summed over all": (
        "summed over all that each unit fed",
        "dijumlahkan atas semua penerima keluaran tiap unit",
        "各ユニットを入力とするすべてのユニットについての和",
    ),
    "both": (
        "equations 1 and 2 at once",
        "persamaan 1 dan 2 sekaligus",
        "式 1 と式 2 を一度に",
    ),
    "to weights": (
        "to the weights, and {bias}",
        "ke bobot, dan {bias}",
        "重みへ。バイアスは {bias}",
    ),
    "derivative of": (
        "the derivative of {function}",
        "turunan dari {function}",
        "{function} の導関数",
    ),
    "by structure": (
        "Layers are counted by what feeds what, and not by their labels.",
        "Lapisan dihitung menurut apa yang menjadi masukan apa, bukan menurut labelnya.",
        "層の番号は、ラベルではなく、何が何の入力であるかによって数えます。",
    ),
    "example": (
        "Example {number} of {count}; {cost} is the cost of this one alone.",
        "Contoh {number} dari {count}; {cost} adalah biaya contoh ini saja.",
        "{count} 個の例のうち {number} 番目。{cost} はこの例だけのコストです。",
    ),
    "mean of examples": (
        "The batch's cost is the mean of all such {cost}, and its gradients are the means of "
        "theirs.",
        "Biaya batch adalah rata-rata semua {cost} seperti itu; gradiennya rata-rata gradien "
        "semuanya.",
        "バッチのコストはすべての例の {cost} の平均であり、勾配も各例の勾配の平均です。",
    ),
    "cost": ("The cost: {cost}", "Fungsi biaya: {cost}", "コスト：{cost}"),
    "to layer": (
        "{k}: from layer {upper} to layer {lower}",
        "{k}: dari lapisan {upper} ke lapisan {lower}",
        "{k}：第 {upper} 層から第 {lower} 層へ",
    ),
    "to inputs": (
        "{k}: from layer {upper} to the inputs",
        "{k}: dari lapisan {upper} ke masukan",
        "{k}：第 {upper} 層から入力へ",
    ),
    "linear to layer": (
        "{k}: from layer {upper} (linear: equation 1 falls away) to layer {lower}",
        "{k}: dari lapisan {upper} (linear: persamaan 1 tidak diperlukan) ke lapisan {lower}",
        "{k}：第 {upper} 層（線形なので式 1 は不要）から第 {lower} 層へ",
    ),
    "linear to inputs": (
        "{k}: from layer {upper} (linear: equation 1 falls away) to the inputs",
        "{k}: dari lapisan {upper} (linear: persamaan 1 tidak diperlukan) ke masukan",
        "{k}：第 {upper} 層（線形なので式 1 は不要）から入力へ",
    ),
    "alike": (
        "… and {count} more alike; their numbers:",
        "… dan {count} lagi yang serupa; nilainya:",
        "… ほか {count} 個も同様です。それらの値：",
    ),
    "just alike": (
        "… and {count} more alike.",
        "… dan {count} lagi yang serupa.",
        "… ほか {count} 個も同様です。",
    ),
    "unit at kink": (
        "{z} is at the activation's kink: its derivative is {slope} by convention.",
        "{z} di titik sudut fungsi aktivasi; menurut konvensi turunannya {slope}.",
        "{z} は活性化関数の折れ点にあり、慣例として微分係数を {slope} と定めます。",
    ),
    "leaf": (
        "{node} is a leaf: its gradient is complete.",
        "{node} adalah simpul daun: gradiennya sudah lengkap.",
        "{node} は葉ノードです。勾配はこれで確定です。",
    ),
    "sum": (
        "A sum passes the gradient on unchanged to each term.",
        "Penjumlahan meneruskan gradien tanpa perubahan ke setiap suku.",
        "和は勾配をそのまま各項へ渡します。",
    ),
    "subtract": (
        "A difference passes the gradient on, with the sign turned for what is subtracted.",
        "Pengurangan meneruskan gradien; untuk pengurangnya, tandanya dibalik.",
        "差は勾配を渡します。ただし引く側の項へは符号を反転して渡します。",
    ),
    "negate": (
        "The minus sign turns the sign of the gradient.",
        "Tanda minus membalik tanda gradien.",
        "負号は勾配の符号を反転します。",
    ),
    "multiply": (
        "In a product each factor receives the gradient times the other factor.",
        "Dalam perkalian, setiap faktor menerima gradien dikali faktor yang lain.",
        "積では、各因子は勾配にもう一方の因子を掛けたものを受け取ります。",
    ),
    "weighted_sum": (
        "Each weight receives the gradient times its input, each input the gradient times its "
        "weight, the bias the gradient itself.",
        "Setiap bobot menerima gradien dikali masukannya, setiap masukan menerima gradien dikali "
        "bobotnya, dan bias menerima gradien itu sendiri.",
        "各重みは勾配×入力、各入力は勾配×重み、バイアスは勾配そのものを受け取ります。",
    ),
    "log_sum_exp": (
        "Each operand receives the gradient times its share in the softmax.",
        "Setiap operan menerima gradien dikali bagiannya dalam softmax.",
        "各引数は勾配にソフトマックスの値を掛けたものを受け取ります。",
    ),
    "open": (
        "{symbol} is open: the gradient passes unchanged.",
        "{symbol} terbuka: gradien diteruskan tanpa perubahan.",
        "{symbol} は開いています。勾配はそのまま伝わります。",
    ),
    "closed": (
        "{symbol} is closed: nothing passes.",
        "{symbol} tertutup: gradien tidak diteruskan (menjadi 0).",
        "{symbol} は閉じています。勾配は伝わりません（0 になります）。",
    ),
    "chooses": (
        "{symbol} passes the gradient to the operand it chose, and nothing to the other.",
        "{symbol} meneruskan gradien ke operan yang dipilih dan tidak ke yang lain.",
        "{symbol} は選んだ方にだけ勾配を渡し、他方には渡しません。",
    ),
    "kink": (
        "{symbol} is at its kink, where it has no derivative; by convention it is {slope} here.",
        "{symbol} berada di titik sudutnya dan tidak punya turunan; menurut konvensi turunannya "
        "di sini diambil {slope}.",
        "{symbol} は折れ点にあり微分できません。ここでは慣例として微分係数を {slope} と定めます。",
    ),
    "chain": (
        "The chain rule: the gradient with respect to {node}, times the local derivative of "
        "{symbol}.",
        "Aturan rantai: gradien terhadap {node} dikali turunan lokal operasi {symbol}.",
        "連鎖律：{node} に関する勾配に {symbol} の局所的な微分を掛けます。",
    ),
    "too many paths": (
        "There are {count} paths from {root} to {leaf}: too many to write out one by one. Each "
        "gradient below is written by the gradients of the nodes that it feeds.",
        "Ada {count} lintasan dari {root} ke {leaf}: terlalu banyak untuk ditulis satu per satu. "
        "Setiap gradien di bawah dinyatakan dalam gradien simpul-simpul yang dimasukinya.",
        "{root} から {leaf} への経路は {count} 本あり、一つずつ書くには多すぎます。"
        "以下では、各勾配をその出力先のノードの勾配で表します。",
    ),
    "no sympy": (
        'The closed form needs SymPy: pip install "microrelu[symbolic]".',
        'Bentuk tertutup memerlukan SymPy: pip install "microrelu[symbolic]".',
        '閉じた形には SymPy が必要です：pip install "microrelu[symbolic]"。',
    ),
    "long closed form": (
        "The closed form takes {count} operations: see closed_form.",
        "Bentuk tertutupnya memerlukan {count} operasi: lihat closed_form.",
        "閉じた形には {count} 個の演算が要ります。closed_form を見てください。",
    ),
    "many terms": (
        "The closed form would have {count} terms: too many to expand.",
        "Bentuk tertutupnya akan memiliki {count} suku: terlalu banyak untuk dijabarkan.",
        "閉じた形は {count} 項になり、展開するには多すぎます。",
    ),
    "long to find": (
        "The closed form takes too long to find.",
        "Mencari bentuk tertutupnya terlalu lama.",
        "閉じた形を求めるには時間がかかりすぎます。",
    ),
    "nested too deeply": (
        "The closed form is nested too deeply to be written.",
        "Bentuk tertutupnya bersarang terlalu dalam untuk ditulis.",
        "閉じた形は入れ子が深すぎて書けません。",
    ),
    "closed form without value": (
        "There is no closed form: a part of it has no value, such as log(0), or none that is real.",
        "Tidak ada bentuk tertutup: sebagian darinya tidak terdefinisi, seperti log(0), atau tidak "
        "real.",
        "閉じた形はありません。log(0) のように定義されないか、実数でない部分があります。",
    ),
    "closed form without float": (
        "There is no closed form: it has a number that is too large or too small for a float.",
        "Tidak ada bentuk tertutup: di dalamnya ada bilangan yang terlalu besar atau terlalu kecil "
        "untuk sebuah float.",
        "閉じた形はありません。float には大きすぎるか小さすぎる数があります。",
    ),
    # Steps and pictures
    "running total": ("total {number}", "jumlah {number}", "計 {number}"),
    "at its kink": (
        "{symbol} is at its kink: the derivative here is a convention.",
        "{symbol} berada di titik sudutnya: turunannya di sini menurut konvensi.",
        "{symbol} は折れ点にあり、ここでの微分係数は慣例によります。",
    ),
    "passes nothing": (
        "{symbol} passes nothing to {operands}.",
        "{symbol} tidak meneruskan gradien ke {operands}.",
        "{symbol} は {operands} へ勾配を渡しません。",
    ),
    "earlier sweeps": (
        "With what earlier sweeps left, grad is {number}.",
        "Bersama sisa propagasi balik sebelumnya, gradien yang tersimpan adalah {number}.",
        "以前の逆伝播で残った分を加えると、保存されている勾配は {number} です。",
    ),
    "layer": ("layer {number}", "lapisan {number}", "第 {number} 層"),
    "input": ("input", "masukan", "入力"),
    "loss": ("loss", "kerugian", "損失"),
    "example number": ("example {number}", "contoh {number}", "例 {number}"),
    "example of many": (
        "example {number} of {count}; the gradients of weights are those of all together",
        "contoh {number} dari {count}; gradien bobot adalah gradien semua contoh bersama-sama",
        "{count} 個の例のうち {number} 番目。重みの勾配はすべての例によるもの",
    ),
    "weight decay": ("weight decay", "peluruhan bobot", "重み減衰"),
    "terms": ("{count} terms", "{count} suku", "{count} 項"),
    "grad": ("grad", "gradien", "勾配"),
    "not yet": ("not yet", "belum", "未計算"),
    "of": ("{part} of {whole}", "{part} dari {whole}", "{whole} 個中 {part} 個"),
    "operands": ("operands", "operan", "引数"),
    "have changed": ("changed", "berubah", "変更済み"),
    "node": (
        "{name}: value {value}, gradient {gradient}",
        "{name}: nilai {value}, gradien {gradient}",
        "{name}：値 {value}、勾配 {gradient}",
    ),
    "instead of": ("; should be {right}", "; seharusnya {right}", "、正しくは {right}"),
    "picture differs": (
        "wrong gradients: {count}",
        "gradien yang salah: {count}",
        "誤った勾配：{count} 個",
    ),
    "value before change": (
        "{value}, of operands that have changed since",
        "{value}, dari operan yang sejak itu telah berubah",
        "{value}（その後に引数が変更済み）",
    ),
    "no sweep yet": ("not yet back-propagated", "belum dipropagasi balik", "逆伝播はまだ"),
    "constant": ("{name} constant {value}", "{name} konstanta {value}", "{name} 定数 {value}"),
    "as recorded": ("as recorded: {number}", "seperti terekam: {number}", "記録時：{number}"),
    "is closed": ("closed", "tertutup", "閉"),
    "is at kink": ("at its kink", "di titik sudutnya", "折れ点"),
    "on edges": (
        "on the edges: {what}",
        "pada sisi graf: {what}",
        "辺の数値：{what}",
    ),
    "local derivatives": ("local derivatives", "turunan lokal", "局所的な微分"),
    "contributions": (
        "contributions to the gradient",
        "kontribusi pada gradien",
        "勾配への寄与",
    ),
    "nodes shown": (
        "{shown} of {count} nodes",
        "{shown} dari {count} simpul",
        "{count} ノード中 {shown} ノード",
    ),
    "more": ("… {count} more", "… {count} lagi", "… ほか {count} 個"),
    "layers": (
        "{count} nodes, a box for each layer; on the edges: how many",
        "{count} simpul, satu kotak per lapisan; pada sisi graf: banyaknya",
        "{count} ノード、層ごとに箱が一つ、辺の数値は本数",
    ),
    "after layer": ("after {layer}", "setelah {layer}", "{layer}の後"),
    "before layers": ("before the layers", "sebelum lapisan", "層の前"),
    "other leaves": ("other leaves", "simpul daun lain", "ほかの葉ノード"),
    "leaves": ("leaves", "simpul daun", "葉ノード"),
    "operations": ("operations", "operasi", "演算"),
    "mean size": ("mean |grad|", "rerata |gradien|", "平均 |勾配|"),
    "on lines": (
        "on the lines: {what}; positive blue, negative dashed orange, large wide",
        "pada garis: {what}; positif biru, negatif jingga putus-putus, yang besar tebal",
        "線：{what}（正は青、負は橙の破線、大きいほど太い）",
    ),
    "on lines later": (
        "on the lines: {what}, which are not there yet: root.backward() computes them",
        "pada garis: {what}, yang belum ada: root.backward() menghitungnya",
        "線：{what}（まだありません。root.backward() で計算されます）",
    ),
    "weights": ("weights", "bobot", "重み"),
    "unit contributions": (
        "contributions to the earlier unit's gradient",
        "kontribusi pada gradien unit sebelumnya",
        "前のユニットの勾配への寄与",
    ),
    "in boxes": (
        "in the boxes: values blue, gradients orange",
        "di dalam kotak: nilai biru, gradien jingga",
        "箱の中：値は青、勾配は橙",
    ),
    "closed in boxes": (
        ", closed units grey",
        ", unit tertutup abu-abu",
        "、閉じたユニットは灰色",
    ),
    "discs": (
        "discs: open units filled, closed ones empty; point at one for its numbers",
        "lingkaran: unit terbuka terisi, yang tertutup kosong; tunjuk salah satu untuk melihat "
        "nilainya",
        "円：開いたユニットは塗りつぶし、閉じたユニットは白。指すと数値が出ます",
    ),
    "drawn": (
        "{what}: {shown} of {count} drawn",
        "{what}: {shown} dari {count} digambar",
        "{what}：{count} 個のうち {shown} 個を表示",
    ),
    "units at kinks": (
        "units at the kink, where the derivative is a convention: {count}",
        "unit di titik sudutnya, dengan turunan menurut konvensi: {count}",
        "折れ点にあり、微分係数が慣例によるユニット：{count} 個",
    ),
    "picture changed": (
        "where operands have changed, what was computed of them no longer holds: {recompute} "
        "computes it again",
        "di tempat operan telah berubah, yang dihitung darinya tidak berlaku lagi: {recompute} "
        "menghitungnya kembali",
        "引数が変わった所では、計算結果はもう成り立ちません。{recompute} で計算し直せます",
    ),
    "earlier gradients": (
        "the gradients are from before the values were computed anew",
        "gradiennya berasal dari sebelum nilainya dihitung kembali",
        "勾配は、値を計算し直す前のものです",
    ),
    "too large": (
        "A picture of {count} nodes would not be readable, so this one shows {what}. Choose "
        "draw(root, collapse='layers'), a depth such as collapse=3, or collapse=False for every "
        "node.",
        "Gambar dengan {count} simpul tidak akan terbaca, jadi gambar ini menunjukkan {what}. "
        "Pilih draw(root, collapse='layers'), kedalaman seperti collapse=3, atau collapse=False "
        "untuk semua simpul.",
        "{count} ノードの図は読めないので、この図には{what}を示します。"
        "draw(root, collapse='layers')、深さ（たとえば collapse=3）、"
        "またはすべてのノードを描く collapse=False を選べます。",
    ),
    "box a layer": ("one box a layer", "satu kotak per lapisan", "層ごとの箱"),
    "next to root": (
        "only the nodes next to the root",
        "hanya simpul-simpul di dekat akar",
        "根に近いノードだけ",
    ),
    # The command line
    "usage": ("usage: ", "pemakaian: ", "使い方："),
    "arguments": ("arguments", "argumen", "引数"),
    "options": ("options", "opsi", "オプション"),
    "examples": ("examples:", "contoh:", "例："),
    "explain description": (
        "Explain the backpropagation of an expression: the forward values, the backward steps, and "
        "the gradient of every variable beside its check by differences.",
        "Menjelaskan propagasi balik suatu ekspresi: nilai pada propagasi maju, langkah-langkah "
        "propagasi balik, dan gradien setiap variabel di samping pemeriksaannya dengan selisih.",
        "式の逆伝播を説明します。順伝播の値、逆伝播のステップ、各変数の勾配とその差分による検算を"
        "示します。",
    ),
    "functions": (
        "An expression has names, numbers, + - * / **, brackets, and these functions: {functions}.",
        "Ekspresi terdiri atas nama, bilangan, + - * / **, kurung, dan fungsi berikut: "
        "{functions}.",
        "式に使えるのは、名前、数、+ - * / **、括弧、次の関数です：{functions}。",
    ),
    "named parts": (
        "Parts that it names, between semicolons, keep their names in the steps and the picture.",
        "Bagian yang diberi nama, di antara titik koma, tetap bernama demikian dalam langkah dan "
        "gambar.",
        "セミコロンで区切って名前を付けた部分は、ステップと図でもその名前で呼ばれます。",
    ),
    "train first": (
        'The first word train or grade always means that command: write "(train)" for a variable '
        "of that name.",
        'Kata pertama train atau grade selalu berarti perintah itu: tulis "(train)" untuk variabel '
        "bernama itu.",
        "最初の語 train と grade は常にそのコマンドを意味します。その名前の変数は "
        '"(train)" と書きます。',
    ),
    "explain status": (
        "Exit status: 0; 1 where the check by differences does not confirm every gradient, because "
        "it disagrees or cannot tell; 2 where the command has a mistake.",
        "Status keluar: 0; 1 jika pemeriksaan dengan selisih tidak mengukuhkan setiap gradien, "
        "karena berbeda atau tidak dapat menentukan; 2 jika ada kesalahan dalam perintah.",
        "終了ステータス：0。差分による検算ですべての勾配が確かめられなければ（一致しないか、判定"
        "できなければ）1。コマンドに誤りがあれば 2。",
    ),
    "grade description": (
        "Examine someone's engine: a class whose nodes have a number, their operands and "
        "backward(). It runs in a process of its own with limits on time and memory, which is no "
        "sandbox: the code may do what you may.",
        "Menguji mesin buatan orang lain: kelas yang simpulnya memiliki bilangan, operan, dan "
        "backward(). Kodenya berjalan dalam proses tersendiri dengan batas waktu dan memori, "
        "tetapi tanpa kotak pasir: kode itu dapat melakukan apa pun yang dapat Anda lakukan.",
        "他の人のエンジン（数と引数と backward() をもつノードのクラス）を検査します。コードは時間"
        "とメモリを制限した別のプロセスで動きますが、サンドボックスではなく、利用者にできることは"
        "何でもできます。",
    ),
    "grade status": (
        "Exit status: 0; 1 where something required does not hold, or the code ends badly; 2 where "
        "the command has a mistake.",
        "Status keluar: 0; 1 jika ada yang wajib tetapi tidak lulus, atau kodenya berakhir "
        "buruk; 2 jika ada kesalahan dalam perintah.",
        "終了ステータス：0。必須のものが不合格か、コードが正常に終わらなければ 1。コマンドに誤り"
        "があれば 2。",
    ),
    "engine": (
        "the file, and the class in it",
        "berkas dan kelas di dalamnya",
        "ファイルと、その中のクラス",
    ),
    "--time": ("seconds it may take (60)", "batas waktu dalam detik (60)", "制限時間（秒、60）"),
    "--memory": (
        "megabytes it may take (2048); not on Windows",
        "batas memori dalam megabita (2048), kecuali di Windows",
        "メモリの上限（メガバイト、2048）。Windows では無効",
    ),
    "took too long": (
        "The engine took longer than {seconds} seconds.",
        "Mesin ini berjalan lebih dari {seconds} detik.",
        "エンジンの実行に {seconds} 秒より長くかかりました。",
    ),
    "ended without answer": (
        "The engine's process ended without an answer, with exit status {status}.",
        "Proses mesin ini berakhir tanpa jawaban, dengan status keluar {status}.",
        "エンジンのプロセスは答えを返さずに終わりました（終了ステータス {status}）。",
    ),
    "file raises": (
        "{path} cannot be run: {error}",
        "{path} tidak dapat dijalankan: {error}",
        "{path} は実行できません：{error}",
    ),
    "expression": (
        "what to differentiate, in quotes",
        "yang diturunkan, dalam tanda kutip",
        "微分する式。引用符で囲みます",
    ),
    "assignments": (
        "the value of a name: w=-0.5, x=1e-3",
        "nilai suatu nama: w=-0.5, x=1e-3",
        "名前の値：w=-0.5, x=1e-3",
    ),
    "--svg": ("write the picture as SVG", "menulis gambar sebagai SVG", "図を SVG で書き出す"),
    "--png": ("write the picture as PNG", "menulis gambar sebagai PNG", "図を PNG で書き出す"),
    "--dot": (
        "write the picture as Graphviz's DOT text",
        "menulis gambar sebagai teks DOT milik Graphviz",
        "図を Graphviz の DOT で書き出す",
    ),
    "--html": (
        "write the step player, a page of its own",
        "menulis pemutar langkah, sebuah halaman tersendiri",
        "ステップ再生のページを書き出す",
    ),
    "--open": (
        "show the file that was written last, or else the step player",
        "menampilkan berkas yang terakhir ditulis, atau pemutar langkah",
        "最後に書き出したファイルを、なければステップ再生のページを開く",
    ),
    "--relu-at-zero": (
        "ReLU'(0): 0 to 1, 1 unless given",
        "ReLU'(0): 0 sampai 1, tanpa opsi ini 1",
        "ReLU'(0)：0 から 1 まで、指定がなければ 1",
    ),
    "--json": (
        'print one JSON document; in it NaN and ±∞ are "NaN", "Infinity", "-Infinity"',
        'mencetak satu dokumen JSON; di dalamnya NaN dan ±∞ adalah "NaN", "Infinity", "-Infinity"',
        'JSON 文書を一つ出力する。NaN と ±∞ は "NaN", "Infinity", "-Infinity"',
    ),
    "--version": ("print the version", "mencetak versi", "バージョンを表示する"),
    "--lang": (
        "speak English (en), Indonesian (id) or Japanese (ja)",
        "berbahasa Inggris (en), Indonesia (id), atau Jepang (ja)",
        "英語（en）、インドネシア語（id）、日本語（ja）のどれかで表示する",
    ),
    "--help": ("print this help", "mencetak bantuan ini", "このヘルプを表示する"),
    "train description": (
        "Train MLP(2, [16, 16, 1]) to tell two classes of points apart, by gradient descent on the "
        "hinge loss with a little weight decay.",
        "Melatih MLP(2, [16, 16, 1]) untuk membedakan dua kelas titik, dengan penurunan gradien "
        "pada kerugian hinge dan sedikit peluruhan bobot.",
        "MLP(2, [16, 16, 1]) を、ヒンジ損失とわずかな重み減衰の勾配降下法で、二つのクラスの点を"
        "見分けるように学習させます。",
    ),
    "train status": (
        "Exit status: 0; 1 where the training diverges; 2 where the command has a mistake.",
        "Status keluar: 0; 1 jika pelatihannya divergen; 2 jika ada kesalahan dalam perintah.",
        "終了ステータス：0。学習が発散すれば 1。コマンドに誤りがあれば 2。",
    ),
    "--steps": (
        "passes over all points (100)",
        "banyaknya lintasan atas semua titik (100)",
        "すべての点を通る回数（100）",
    ),
    "--lr": (
        "learning rate, falling to a tenth of it (1.0)",
        "laju pembelajaran, turun sampai sepersepuluhnya (1.0)",
        "学習率。その 10 分の 1 まで下がる（1.0）",
    ),
    "--seed": (
        "of the points and the weights (0)",
        "benih bilangan acak untuk titik dan bobot (0)",
        "点と重みの乱数のシード（0）",
    ),
    "train --png": (
        "write the points and the decision boundary",
        "menulis titik-titik dan batas keputusannya",
        "点と決定境界の図を書き出す",
    ),
    "train --svg": (
        "write the trained network, its weights as lines, at its first point",
        "menulis jaringan terlatih pada titik pertama, dengan bobot sebagai garis",
        "学習後のネットワークを、重みを線として、最初の点について書き出す",
    ),
    "trained": (
        "{model} on {count} points: {data}",
        "{model} pada {count} titik: {data}",
        "{model}、{count} 個の点：{data}",
    ),
    "before training": (
        "before training, {reached}",
        "sebelum pelatihan, {reached}",
        "学習前：{reached}",
    ),
    "after training": (
        "after step {steps}, {reached}",
        "setelah {steps} langkah, {reached}",
        "{steps} ステップ後：{reached}",
    ),
    "reached": (
        "loss {loss}, accuracy {accuracy}",
        "kerugian {loss}, akurasi {accuracy}",
        "損失 {loss}、正解率 {accuracy}",
    ),
    "training": ("training", "pelatihan", "学習"),
    # Reports
    "more rows": ("… and {count} more.", "… dan {count} lagi.", "… ほか {count} 行。"),
    "more notes": (
        "… and {count} more notes.",
        "… dan {count} catatan lagi.",
        "… ほか {count} 件の注記。",
    ),
    # The gradient check
    "column leaf": ("leaf", "simpul daun", "葉ノード"),
    "backpropagation": ("backpropagation", "propagasi balik", "逆伝播"),
    "given": ("given", "diberikan", "与えられた値"),
    "left": ("left", "kiri", "左"),
    "central": ("central", "pusat", "中心"),
    "right": ("right", "kanan", "右"),
    "verdict": ("verdict", "hasil", "判定"),
    "no slope": ("none", "tidak ada", "なし"),
    "left and right": (
        "left {left} and right {right}",
        "kiri {left} dan kanan {right}",
        "左 {left}、右 {right}",
    ),
    "agrees": ("agrees", "cocok", "一致"),
    "within rounding": ("within rounding", "dalam batas pembulatan", "丸め誤差の範囲内"),
    "one-sided": ("one-sided", "satu sisi", "片側のみ"),
    "infinite": ("infinite", "tak hingga", "無限大"),
    "cannot be measured here": (
        "cannot be measured here",
        "tidak dapat diukur di sini",
        "ここでは測定不能",
    ),
    "no neighbours": ("no neighbours", "tanpa nilai di sekitarnya", "近傍に値なし"),
    "not finite": ("not finite", "tidak berhingga", "有限でない"),
    "WRONG": ("WRONG", "SALAH", "誤り"),
    "no leaf": (
        "There is no leaf to check.",
        "Tidak ada simpul daun untuk diperiksa.",
        "検査する葉ノードがありません。",
    ),
    "agree": (
        "{agree} of {count} agree",
        "{agree} dari {count} cocok",
        "{count} 個中 {agree} 個が一致",
    ),
    "unmeasured": (
        ", {count} cannot be measured here",
        ", {count} tidak dapat diukur di sini",
        "、{count} 個はここでは測定不能",
    ),
    "furthest by backpropagation": (
        "{counts}. Furthest off is {leaf}: {gradient} by backpropagation, {slope} by differences"
        "{hint}.",
        "{counts}. Selisih terbesar pada {leaf}: {gradient} menurut propagasi balik, {slope} "
        "menurut beda hingga{hint}.",
        "{counts}。差が最も大きいのは {leaf}：逆伝播では {gradient}、差分では {slope}{hint}。",
    ),
    "furthest by given": (
        "{counts}. Furthest off is {leaf}: {gradient} as given, {slope} by differences{hint}.",
        "{counts}. Selisih terbesar pada {leaf}: {gradient} seperti yang diberikan, {slope} "
        "menurut beda hingga{hint}.",
        "{counts}。差が最も大きいのは {leaf}：与えられた値は {gradient}、差分では {slope}{hint}。",
    ),
    "factor 0": (
        ": a factor 0, such as a Step, is missing",
        ": faktor 0, misalnya dari Step, terlewat",
        "（Step などの因子 0 が抜けています）",
    ),
    "sign": (": the sign is lost", ": tandanya hilang", "（符号が抜けています）"),
    "wrong derivative": (
        "{equation}: the local derivative {derivative} is wrong; differences say {slope}.",
        "{equation}: turunan lokal {derivative} salah; menurut beda hingga {slope}.",
        "{equation}：局所的な微分 {derivative} は誤りです。差分では {slope} です。",
    ),
    "conventions": (
        "{equation} is at its kink: {derivatives} by convention.",
        "{equation} berada di titik sudutnya: menurut konvensi {derivatives}.",
        "{equation} は折れ点にあり、慣例として {derivatives} と定めます。",
    ),
    "kinks meet": (
        "Several kinks meet for {leaf}: each convention is right by itself, together they give "
        "{gradient}, which is no slope of the whole.",
        "Beberapa titik sudut bertemu untuk {leaf}: setiap konvensi benar dengan sendirinya, "
        "tetapi bersama-sama memberi {gradient}, yang bukan kemiringan dari keseluruhannya.",
        "{leaf} では複数の折れ点が重なります。それぞれの慣例は単独では正しいものの、合わせると "
        "{gradient} となり、これは全体の傾きではありません。",
    ),
    "near kink": (
        "{equation} is so near a kink that nudges see both of its slopes.",
        "{equation} begitu dekat dengan titik sudut sehingga pergeseran kecil mengenai kedua "
        "kemiringannya.",
        "{equation} は折れ点に非常に近く、わずかにずらすと両側の傾きが現れます。",
    ),
    "lost": (
        "For {leaf} the floats lose more than they measure: its slope may be anything from {low} "
        "to {high}.",
        "Untuk {leaf}, galat pembulatan lebih besar daripada yang diukur: kemiringannya dapat "
        "bernilai berapa pun dari {low} sampai {high}.",
        "{leaf} では丸め誤差が測る量より大きく、傾きは {low} から {high} までのどの値でも"
        "ありえます。",
    ),
    # The layers of a network, measured
    "column layer": ("layer", "lapisan", "層"),
    "column units": ("units", "unit", "ユニット"),
    "column largest": ("largest", "terbesar", "最大"),
    "column open": ("open", "terbuka", "開いた割合"),
    "column dead": ("dead", "mati", "死んだ数"),
    "means": (
        "Means of absolute values in each layer, over all examples ({count}).",
        "Rata-rata nilai mutlak di setiap lapisan, atas semua contoh ({count}).",
        "各層における絶対値の平均（例の数：{count}）。",
    ),
    "share open": (
        "open: for what share of units and examples the activation lets the gradient back.",
        "terbuka: bagian dari semua unit dan contoh yang fungsi aktivasinya meneruskan gradien.",
        "開いた割合：活性化関数が勾配を通すユニットと例の割合。",
    ),
    "begins forward": (
        "From the inputs on, {quantity} is {number} first in layer {layer}.",
        "Dari masukan ke depan, {quantity} pertama kali bernilai {number} di lapisan {layer}.",
        "入力から順にたどると、第 {layer} 層で初めて {quantity} が {number} になります。",
    ),
    "begins backward": (
        "From the cost back, {quantity} is {number} first in layer {layer}.",
        "Dari biaya ke belakang, {quantity} pertama kali bernilai {number} di lapisan {layer}.",
        "コストから逆にたどると、第 {layer} 層で初めて {quantity} が {number} になります。",
    ),
    "vanishes": (
        "{quantity} vanishes: from the cost back it is first less than {bound} of the last layer's "
        "in layer {layer}; in layer {extreme} it is {ratio} of it.",
        "{quantity} menghilang: dari biaya ke belakang, di lapisan {layer} nilainya pertama kali "
        "kurang dari {bound} kali nilai lapisan terakhir; di lapisan {extreme} menjadi {ratio} "
        "kali.",
        "{quantity} が消失しています。コストから逆にたどると、第 {layer} 層で初めて最終層の "
        "{bound} 倍を下回り、第 {extreme} 層では {ratio} 倍です。",
    ),
    "explodes": (
        "{quantity} explodes: from the cost back it is first more than {bound} times the last "
        "layer's in layer {layer}; in layer {extreme} it is {ratio} times that.",
        "{quantity} meledak: dari biaya ke belakang, di lapisan {layer} nilainya pertama kali "
        "lebih dari {bound} kali nilai lapisan terakhir; di lapisan {extreme} menjadi {ratio} "
        "kali.",
        "{quantity} が爆発しています。コストから逆にたどると、第 {layer} 層で初めて最終層の "
        "{bound} 倍を上回り、第 {extreme} 層では {ratio} 倍です。",
    ),
    "dead units": (
        "Dead, closed for every example: {units}.",
        "Mati, tertutup untuk setiap contoh: {units}.",
        "死んだユニット（すべての例で閉じている）：{units}。",
    ),
    "nearly dead units": (
        "Nearly dead, open for at most {share} of the examples: {units}.",
        "Hampir mati, terbuka untuk paling banyak {share} dari semua contoh: {units}.",
        "ほぼ死んだユニット（開いている例が {share} 以下）：{units}。",
    ),
    "one example": (
        "There is one example; what is closed for it is dead only if it is closed for all others.",
        "Hanya ada satu contoh; unit yang tertutup untuknya baru mati jika tertutup juga untuk "
        "semua contoh lain.",
        "例は一つだけです。この例で閉じているユニットは、ほかのすべての例でも閉じている場合に限り、"
        "死んでいると言えます。",
    ),
    "and more": ("{some} and {count} more", "{some} dan {count} lagi", "{some} ほか {count} 個"),
    "healthy": (
        "Healthy: no unit is dead, and {quantity} stays between {low} and {high} times the last "
        "layer's.",
        "Sehat: tidak ada unit yang mati, dan {quantity} tetap antara {low} dan {high} kali nilai "
        "lapisan terakhir.",
        "健全です。死んだユニットはなく、{quantity} は最終層の {low} 倍から {high} 倍の"
        "範囲にあります。",
    ),
    "unhealthy": (
        "Not healthy: {faults}.",
        "Tidak sehat: {faults}.",
        "健全ではありません：{faults}。",
    ),
    "some dead": (
        "{count} of {all} units dead",
        "{count} dari {all} unit mati",
        "死んだユニットは {all} 個中 {count} 個",
    ),
    "vanished": (
        "the gradient vanished in {count} of {all} layers",
        "gradien menghilang di {count} dari {all} lapisan",
        "{all} 層中 {count} 層で勾配消失",
    ),
    "exploded": (
        "the gradient exploded in {count} of {all} layers",
        "gradien meledak di {count} dari {all} lapisan",
        "{all} 層中 {count} 層で勾配爆発",
    ),
    "layers not finite": (
        "numbers not finite in {count} of {all} layers",
        "bilangan tidak berhingga di {count} dari {all} lapisan",
        "{all} 層中 {count} 層に有限でない数",
    ),
    # Dead units in pictures
    "closed throughout": (
        "closed for every example",
        "tertutup untuk setiap contoh",
        "すべての例で閉",
    ),
    "dead in nodes": (
        "grey: units closed for every example",
        "abu-abu: unit yang tertutup untuk setiap contoh",
        "灰色：すべての例で閉じたユニット",
    ),
    "dead in boxes": (
        ", without colours where closed for every example",
        ", tanpa warna jika tertutup untuk setiap contoh",
        "、すべての例で閉じていれば色なし",
    ),
    "dead in discs": (
        "discs that are grey: closed for every example",
        "lingkaran abu-abu: tertutup untuk setiap contoh",
        "灰色の円：すべての例で閉じている",
    ),
    # The diagnosis of someone's engine
    "full stop": (".", ".", "。"),
    "column node": ("node", "simpul", "ノード"),
    "column made": ("made", "asalnya", "計算"),
    "column theirs": ("theirs", "miliknya", "相手の値"),
    "column right": ("should be", "seharusnya", "正しい値"),
    "right gradient": ("right", "benar", "正しい"),
    "follows": ("follows", "akibat", "波及"),
    "not known": ("not known", "tidak diketahui", "不明"),
    "right of all": (
        "{right} of {count} gradients are right",
        "{right} dari {count} gradien benar",
        "{count} 個の勾配のうち {right} 個が正しい",
    ),
    "count follows": (
        "; {count} are wrong only because of those above them",
        "; {count} salah hanya karena yang di atasnya",
        "。{count} 個は上流の誤りが波及しただけ",
    ),
    "count not known": (
        "; {count} cannot be judged",
        "; {count} tidak dapat dinilai",
        "。{count} 個は判定不能",
    ),
    "first wrong": (
        "{node} got {got} and should have got {right}: ",
        "{node} menerima {got}, seharusnya {right}: ",
        "{node} は {got} ですが、正しくは {right} です。",
    ),
    "then wrong": (
        "What remains when that is put right: {node} got {got} and, by the gradients above it, "
        "should have got {right}: ",
        "Yang tersisa setelah itu diperbaiki: {node} menerima {got}, padahal menurut gradien di "
        "atasnya seharusnya {right}: ",
        "それを直しても残る誤り：{node} は {got} ですが、上流の勾配からは {right} になるはずです。",
    ),
    "or": (" Or: ", " Atau: ", "または："),
    "same": (
        " The same explains {nodes}.",
        " Hal yang sama menjelaskan {nodes}.",
        "{nodes} も同じ理由です。",
    ),
    "amount from": ("{amount} from {node}", "{amount} dari {node}", "{node} からの {amount}"),
    "no seed": (
        "{node} got {got} and should have got 1: the sweep starts by setting the gradient of what "
        "is differentiated to 1.",
        "{node} menerima {got}, seharusnya 1: propagasi balik dimulai dengan mengisi 1 pada "
        "gradien fungsi yang diturunkan.",
        "{node} は {got} ですが、正しくは 1 です。逆伝播は、微分される関数の勾配を 1 とおくことから"
        "始まります。",
    ),
    "wrong seed": (
        "{node} got {got} and should have got 1: the derivative of {node} by itself is 1, and "
        "every other gradient is multiplied by what stands here.",
        "{node} menerima {got}, seharusnya 1: turunan {node} terhadap dirinya sendiri adalah 1, "
        "dan semua gradien lain dikalikan dengan nilai ini.",
        "{node} は {got} ですが、正しくは 1 です。{node} の自分自身に関する微分は 1 で、ほかの勾"
        "配にはすべてこの値が掛かります。",
    ),
    "unswept": (
        "Every gradient is 0: backward() was not called, or the gradient of {root} was not set to "
        "1 first.",
        "Semua gradien 0: backward() belum dipanggil, atau gradien {root} tidak diisi 1 lebih "
        "dulu.",
        "勾配がすべて 0 です。backward() が呼ばれていないか、最初に {root} の勾配が 1 とおかれて"
        "いません。",
    ),
    "mistake recursion": (
        "The graph is {depth} nodes deep, and Python's recursion ends at {limit}: a function that "
        "calls itself for each operand cannot walk it. Keep the nodes to visit in a list.",
        "Kedalaman graf {depth} simpul, sedangkan rekursi Python berhenti di {limit}: fungsi yang "
        "memanggil dirinya untuk setiap operan tidak dapat menelusurinya. Simpan simpul yang akan "
        "dikunjungi dalam sebuah list.",
        "グラフの深さは {depth} ノードですが、Python の再帰は {limit} で打ち切られます。引数ごと"
        "に自分を呼び出す関数ではたどれません。訪れるノードをリストに入れてください。",
    ),
    "mistake no number": (
        "{equation} has the value {value}: no gradient below it means anything.",
        "{equation} bernilai {value}: semua gradien di bawahnya tidak berarti.",
        "{equation} の値は {value} です。これより下の勾配には意味がありません。",
    ),
    "mistake value": (
        "{equation}, but it should be {computed}: the operation computes another value, or data "
        "was changed after it (diagnose before the optimiser's step).",
        "{equation}, padahal seharusnya {computed}: operasinya menghitung nilai lain, atau data "
        "diubah sesudahnya (diagnosislah sebelum langkah pengoptimal).",
        "{equation} ですが、正しくは {computed} です。演算が別の値を計算したか、その後に data が"
        "変えられました（オプティマイザーの更新の前に診断してください）。",
    ),
    "mistake nan": (
        "what came from {users} is no number, nor is anything below.",
        "yang datang dari {users} bukan bilangan, begitu pula semua yang di bawahnya.",
        "{users} から伝わったものが数でなく、これより下もすべて数になりません。",
    ),
    "mistake overwritten": (
        "of its {count} contributions, {listed}, only {left} is left. Each overwrote what was "
        "there (=) and should have been added to it (+=).",
        "dari {count} kontribusinya, {listed}, yang tersisa hanya {left}. Masing-masing menimpa "
        "yang sudah ada (=), padahal harus ditambahkan (+=).",
        "{count} 個の寄与（{listed}）のうち、残っているのは {left} だけです。前の値に上書き（=）"
        "され、加算（+=）されていません。",
    ),
    "mistake early": (
        "{user} passed its gradient on when it had only {had} of {complete}. A node is passed on "
        "after all that it feeds: sweep in topological order.",
        "{user} meneruskan gradiennya saat baru memiliki {had} dari {complete}. Sebuah simpul "
        "diteruskan setelah semua penerima keluarannya: telusuri menurut urutan topologis.",
        "{user} は勾配が {complete} のうち {had} しか届いていないときに伝えました。ノードは、その"
        "出力先がすべて済んでから伝えます。トポロジカル順にたどってください。",
    ),
    "mistake nothing": (
        "{user} passed nothing on to it. Either nothing had reached {user} when it did (sweep in "
        "topological order, from the root on), or it leaves this operand out.",
        "{user} tidak meneruskan apa pun kepadanya. Mungkin {user} belum menerima apa pun saat itu "
        "(telusuri menurut urutan topologis, mulai dari akar), atau operan ini terlewat.",
        "{user} から何も伝わっていません。そのとき {user} にまだ何も届いていなかった（根からトポ"
        "ロジカル順にたどってください）か、この引数が抜けています。",
    ),
    "mistake upstream": (
        "{equation} passed on its local derivative {slope} alone: the factor {upstream}, the "
        "gradient from above, is lost.",
        "{equation} hanya meneruskan turunan lokalnya {slope}: faktor {upstream}, yaitu gradien "
        "dari atas, hilang.",
        "{equation} は局所的な微分 {slope} だけを伝えました。上流の勾配である因子 {upstream} が抜"
        "けています。",
    ),
    "mistake local": (
        "{equation} passed its gradient {upstream} on as it is: the factor {slope}, the local "
        "derivative of {symbol}, is lost.",
        "{equation} meneruskan gradiennya {upstream} begitu saja: faktor {slope}, yaitu turunan "
        "lokal {symbol}, hilang.",
        "{equation} は勾配 {upstream} をそのまま伝えました。{symbol} の局所的な微分である因子 "
        "{slope} が抜けています。",
    ),
    "mistake step": (
        "{equation} is closed, and passed {upstream} on all the same: the factor Step = 0 is lost.",
        "{equation} tertutup, tetapi tetap meneruskan {upstream}: faktor Step = 0 hilang.",
        "{equation} は閉じているのに {upstream} を伝えました。因子 Step = 0 が抜けています。",
    ),
    "mistake sign": (
        "{equation} passed on its contribution {amount} with the other sign.",
        "{equation} meneruskan kontribusinya {amount} dengan tanda terbalik.",
        "{equation} は寄与 {amount} を逆の符号で伝えました。",
    ),
    "mistake claimed": (
        "{equation} has the local derivative {claimed} by {operand}; differences say {slope}.",
        "{equation} memakai turunan lokal {claimed} terhadap {operand}; menurut beda hingga "
        "{slope}.",
        "{equation} の {operand} に関する局所的な微分が {claimed} になっています。差分では "
        "{slope} です。",
    ),
    "mistake slope": (
        "{equation} passed on as much as if its local derivative by {operand} were {claimed}; "
        "differences say {slope}.",
        "{equation} meneruskan seakan-akan turunan lokalnya terhadap {operand} adalah {claimed}; "
        "menurut beda hingga {slope}.",
        "{equation} は、{operand} に関する局所的な微分が {claimed} であるかのように伝えました。差"
        "分では {slope} です。",
    ),
    "mistake earlier": (
        "it is {times} times that: what an earlier sweep left was not set to 0 (zero_grad()).",
        "ini {times} kali lipatnya: sisa propagasi sebelumnya tidak diisi 0 lebih dulu "
        "(zero_grad()).",
        "これはその {times} 倍です。前の逆伝播の値が先に 0 に戻されていません（zero_grad()）。",
    ),
    "mistake left over": (
        "perhaps {rest} of it is left from an earlier sweep, and was not set to 0 (zero_grad()).",
        "mungkin {rest} di antaranya sisa propagasi sebelumnya yang tidak diisi 0 (zero_grad()).",
        "そのうち {rest} は、0 に戻されなかった前の逆伝播の値かもしれません（zero_grad()）。",
    ),
    "mistake again": (
        "the graph was swept {times} times, and inner nodes passed on again what the sweep before "
        "had left in them. Set every gradient to 0 first.",
        "graf ditelusuri {times} kali, dan simpul dalam meneruskan lagi sisa propagasi sebelumnya. "
        "Isi semua gradien dengan 0 lebih dulu.",
        "グラフは {times} 回たどられ、内部のノードが前回の値をもう一度伝えました。先にすべての勾"
        "配を 0 に戻してください。",
    ),
    "mistake arrivals": (
        "each time that something reaches a node, it passes all of its gradient on once more. "
        "Sweep in topological order, where each node passes on once.",
        "setiap kali ada yang sampai ke sebuah simpul, simpul itu meneruskan lagi seluruh "
        "gradiennya. Telusuri menurut urutan topologis, sehingga setiap simpul meneruskan satu "
        "kali.",
        "何かが届くたびに、ノードが勾配の全体をもう一度伝えています。トポロジカル順にたどれば、各"
        "ノードは一度だけ伝えます。",
    ),
    "mistake unexplained": (
        "no mistake that is known here explains it.",
        "tidak ada kesalahan yang dikenal di sini yang menjelaskannya.",
        "ここで知られている誤りでは説明できません。",
    ),
    "several fit": (
        "{node} = {value} may have been made by any of {operations}, so that its derivative is not "
        "judged: give nodes the name of their operation (_op), or take other numbers.",
        "{node} = {value} mungkin hasil salah satu dari {operations}, jadi turunannya tidak "
        "dinilai: beri simpul nama operasinya (_op), atau pakai bilangan lain.",
        "{node} = {value} は {operations} のどれからも得られるので、その微分は判定しません。ノー"
        "ドに演算の名前（_op）を付けるか、別の数を使ってください。",
    ),
    "unknown": (
        "What made {node} is not known, so that nothing below it can be judged.",
        "Asal {node} tidak diketahui, jadi yang di bawahnya tidak dapat dinilai.",
        "{node} を計算した演算が不明なので、その下は判定できません。",
    ),
    "unknown claims": (
        "What made {node} is not known: its local derivatives are taken as it claims them.",
        "Asal {node} tidak diketahui: turunan lokalnya diambil seperti yang dinyatakannya.",
        "{node} を計算した演算は不明です。局所的な微分は、ノード自身の示す値をとります。",
    ),
    "column code": ("graph", "graf", "グラフ"),
    "column kind": ("kind", "jenis", "区分"),
    "required": ("required", "wajib", "必須"),
    "beyond": ("beyond", "lanjutan", "発展"),
    "holds": ("holds", "lulus", "合格"),
    "fails": ("fails", "gagal", "不合格"),
    "skipped": ("skipped", "dilewati", "省略"),
    "lacks": (
        "the class has no {name}",
        "kelas ini tidak memiliki {name}",
        "クラスに {name} がありません",
    ),
    "instead": (
        "{what} is {got}, should be {right}",
        "{what} bernilai {got}, seharusnya {right}",
        "{what} は {got}、正しくは {right}",
    ),
    "smallest failing": (
        "The smallest graph that fails has {count} nodes:",
        "Graf terkecil yang gagal memiliki {count} simpul:",
        "不合格となった最小のグラフのノード数は {count} です。",
    ),
    "examined": (
        "Required: {required} of {of_required} hold. Beyond: {beyond} of {of_beyond}. Skipped: "
        "{skipped}.",
        "Wajib: {required} dari {of_required} lulus. Lanjutan: {beyond} dari {of_beyond}. "
        "Dilewati: {skipped}.",
        "必須：{of_required} 個中 {required} 個が合格。発展：{of_beyond} 個中 {beyond} 個。"
        "省略：{skipped} 個。",
    ),
    # The player's own words
    "comma": (", ", ", ", "、"),
    "step by step": ("step by step", "selangkah demi selangkah", "ステップごとに"),
    "graph": ("The graph", "Graf", "グラフ"),
    "first": ("First step", "Langkah pertama", "最初へ"),
    "previous": ("Previous step", "Langkah sebelumnya", "前へ"),
    "next": ("Next step", "Langkah berikutnya", "次へ"),
    "last": ("Last step", "Langkah terakhir", "最後へ"),
    "play": ("Play", "Putar", "再生"),
    "pause": ("Pause", "Jeda", "一時停止"),
    "speed": ("Speed", "Kecepatan", "再生速度"),
    "position": ("Step", "Langkah", "ステップ"),
    "zoom in": ("Larger", "Perbesar", "拡大"),
    "zoom out": ("Smaller", "Perkecil", "縮小"),
    "value": ("value", "nilai", "値"),
    "gradient": ("gradient", "gradien", "勾配"),
    "local derivative": ("local derivative", "turunan lokal", "局所的な微分"),
    "contribution": ("contribution", "kontribusi", "寄与"),
    "blocked": ("blocked", "tertahan", "遮断"),
    "at kink": ("kink", "titik sudut", "折れ点"),
    "so far": ("{number} so far", "jumlah sementara: {number}", "ここまで {number}"),
    "recorded": ("recorded", "rekaman", "記録"),
    "leaf name": ("Leaf", "Simpul daun", "葉ノード"),
    "reset": ("Reset", "Setel ulang", "元に戻す"),
    "with respect to": (
        "Show ∂{root}/∂{leaf}",
        "Tampilkan ∂{root}/∂{leaf}",
        "∂{root}/∂{leaf} を表示",
    ),
    "start": (
        "The leaves are given. Change one, here or by dragging it in the picture, and everything "
        "is computed anew.",
        "Nilai daun diketahui. Ubahlah salah satu, di sini atau dengan menggesernya di gambar, dan "
        "semuanya dihitung ulang.",
        "葉の値は与えられています。ここで、または図の上でドラッグして変えると、すべてが計算し直さ"
        "れます。",
    ),
    "undefined": (
        "{symbol} has no value here.",
        "{symbol} tidak terdefinisi di sini.",
        "ここでは {symbol} は定義されません。",
    ),
    "not live": (
        "{symbol} is not live: it plays as recorded, and the leaves that feed it stay as they are.",
        "{symbol} tidak dihitung ulang: nilainya tetap seperti saat direkam, dan daun-daun "
        "masukannya tidak dapat diubah.",
        "{symbol} は計算し直されず、記録のまま再生されます。その入力となる葉は変えられません。",
    ),
    "locked": (
        "{leaf} feeds {symbol}, which plays as recorded, and so cannot be changed here.",
        "{leaf} memberi masukan kepada {symbol}, yang diputar seperti terekam, jadi tidak dapat "
        "diubah di sini.",
        "{leaf} は記録のまま再生される {symbol} の入力なので、ここでは変えられません。",
    ),
    "rest": ("… {count} nodes", "… {count} simpul", "… {count} ノード"),
    "part": (
        "This is the part of the graph around {center}; {count} other nodes are not shown. Values "
        "and gradients are those of the whole graph.",
        "Ini bagian graf di sekitar {center}; {count} simpul lain tidak ditampilkan. Nilai dan "
        "gradiennya adalah milik seluruh graf.",
        "これはグラフのうち {center} のまわりの部分で、ほかの {count} ノードは表示されていません。"
        "値と勾配はグラフ全体のものです。",
    ),
    "rest made": (
        "{result} was computed of these and of {count} nodes that are not shown.",
        "{result} dihitung dari simpul-simpul ini dan {count} simpul yang tidak ditampilkan.",
        "{result} は、これらと、表示されていない {count} ノードから計算されました。",
    ),
    "rest passes": (
        "Each of these receives from {node} what comes to it through nodes that are not shown.",
        "Masing-masing menerima dari {node} yang sampai kepadanya melalui simpul yang tidak "
        "ditampilkan.",
        "それぞれが {node} から、表示されていないノードを通って届く分を受け取ります。",
    ),
    "locked part": (
        "Not all that {leaf} feeds is shown, and so it cannot be changed here.",
        "Tidak semua yang menerima masukan dari {leaf} ditampilkan, jadi {leaf} tidak dapat diubah "
        "di sini.",
        "{leaf} が影響するノードのすべては表示されていないので、ここでは変えられません。",
    ),
    "whole part": ("All of this part", "Seluruh bagian ini", "この部分の全体"),
    "changed": ("operands changed", "operan berubah", "引数が変更済み"),
    "no longer holds": (
        "Where operands have changed since, as marked in the picture, what was computed of them no "
        "longer holds, and the gradients are those of what was recorded: {recompute} computes it "
        "again.",
        "Di tempat operan telah berubah, seperti ditandai pada gambar, yang dihitung darinya tidak "
        "berlaku lagi, dan gradiennya adalah gradien dari yang terekam: {recompute} menghitungnya "
        "kembali.",
        "図で印を付けた所では、その後に引数が変わり、計算結果はもう成り立ちません。勾配は記録され"
        "たときのものです。{recompute} で計算し直せます。",
    ),
    "changed operands": (
        "The operands of {node} have changed since it was computed.",
        "Operan {node} telah berubah sejak {node} dihitung.",
        "{node} の引数は、{node} が計算された後に変わりました。",
    ),
    "feeds changed": (
        "{node} feeds a node whose operands have changed since it was computed.",
        "{node} memberi masukan kepada simpul yang operannya telah berubah sejak dihitung.",
        "{node} は、計算された後に引数が変わったノードの入力です。",
    ),
    # What the player says of a step
    "and": (" and ", " dan ", "、"),
    "sum is": (
        "The sum of {given} is {result}.",
        "Jumlah {given} adalah {result}.",
        "{given} の和は {result} です。",
    ),
    "difference is": (
        "The difference of {given} is {result}.",
        "Selisih {given} adalah {result}.",
        "{given} の差は {result} です。",
    ),
    "product is": (
        "The product of {given} is {result}.",
        "Hasil kali {given} adalah {result}.",
        "{given} の積は {result} です。",
    ),
    "quotient is": (
        "The quotient of {given} is {result}.",
        "Hasil bagi {given} adalah {result}.",
        "{given} の商は {result} です。",
    ),
    "weighed": (
        "Each input times its weight, added up with the bias: {result}.",
        "Setiap masukan dikali bobotnya, lalu dijumlahkan bersama bias: {result}.",
        "各入力に重みを掛け、バイアスも加えて足し合わせると {result} です。",
    ),
    "gives": (
        "With {given}, {symbol} gives {result}.",
        "Dengan {given}, {symbol} menghasilkan {result}.",
        "{given} のとき、{symbol} から {result} が得られます。",
    ),
    "is nothing": (
        "There is nothing to add up: {result}.",
        "Tidak ada yang dijumlahkan: {result}.",
        "足すものがないので {result} です。",
    ),
    "lets it through": (
        "{given} ≥ 0, so {symbol} lets it through: {result}.",
        "{given} ≥ 0, jadi {symbol} meneruskannya: {result}.",
        "{given} ≥ 0 なので、{symbol} はそのまま通します：{result}。",
    ),
    "gives 0": (
        "{given} < 0, so {symbol} gives 0: {result}.",
        "{given} < 0, jadi {symbol} menghasilkan 0: {result}.",
        "{given} < 0 なので、{symbol} は 0 を返します：{result}。",
    ),
    "lets through": (
        "{given} ≥ 0, so {symbol} lets the gradient {gradient} through.",
        "{given} ≥ 0, jadi {symbol} meneruskan gradien {gradient}.",
        "{given} ≥ 0 なので、{symbol} は勾配 {gradient} をそのまま通します。",
    ),
    "stops": (
        "{given} < 0, so {symbol} stops the gradient: {operand} receives 0.",
        "{given} < 0, jadi {symbol} menahan gradien: {operand} menerima 0.",
        "{given} < 0 なので、{symbol} は勾配を止め、{operand} が受け取るのは 0 です。",
    ),
    "adds": (
        "A sum changes as fast as each of its terms, so each receives {gradient}.",
        "Jumlah berubah secepat setiap sukunya, jadi setiap suku menerima {gradient}.",
        "和は各項と同じ速さで変わるので、各項は {gradient} を受け取ります。",
    ),
    "subtracts": (
        "A difference passes {gradient} on, and {negative} to what is subtracted.",
        "Pengurangan meneruskan {gradient}, dan {negative} kepada pengurangnya.",
        "差は {gradient} を渡し、引く側の項へは {negative} を渡します。",
    ),
    "multiplies": (
        "Each factor receives the gradient times the other factor: {operand} receives {amount}.",
        "Setiap faktor menerima gradien dikali faktor yang lain: {operand} menerima {amount}.",
        "各因子は勾配×もう一方の因子を受け取ります。{operand} は {amount} を受け取ります。",
    ),
    "weighs": (
        "Each weight receives {gradient} times its input, each input {gradient} times its weight, "
        "the bias {gradient}.",
        "Setiap bobot menerima {gradient} dikali masukannya, setiap masukan {gradient} dikali "
        "bobotnya, dan bias {gradient}.",
        "各重みは {gradient}×入力、各入力は {gradient}×重み、バイアスは {gradient} "
        "を受け取ります。",
    ),
    "shares": (
        "Each operand receives {gradient} times its share in the softmax.",
        "Setiap operan menerima {gradient} dikali bagiannya dalam softmax.",
        "各引数は {gradient} にソフトマックスの値を掛けたものを受け取ります。",
    ),
    "chooses back": (
        "{symbol} chose {operand}, which receives {gradient}; the other receives 0.",
        "{symbol} memilih {operand}, yang menerima {gradient}; yang lain menerima 0.",
        "{symbol} が選んだ {operand} は {gradient} を、他方は 0 を受け取ります。",
    ),
    "receives": (
        "{node} changes {slope} times as fast as {operand}, so {operand} receives {amount}.",
        "{node} berubah {slope} kali secepat {operand}, jadi {operand} menerima {amount}.",
        "{node} は {operand} の {slope} 倍の速さで変わるので、"
        "{operand} は {amount} を受け取ります。",
    ),
    "completes": (
        "This completes the gradient with respect to {nodes}.",
        "Dengan ini gradien terhadap {nodes} lengkap.",
        "これで {nodes} に関する勾配が確定します。",
    ),
    "leaf is": (
        "{leaf}: therefore {node} is no number.",
        "{leaf}: karena itu {node} bukan bilangan.",
        "{leaf} なので、{node} は数になりません。",
    ),
    "mistake": ("As beginners write it", "Seperti ditulis pemula", "初学者の書き方"),
    "no mistake": ("the right sweep", "propagasi yang benar", "正しい逆伝播"),
    "overwrite": ("= instead of +=", "= alih-alih +=", "+= の代わりに ="),
    "unordered": (
        "without topological order",
        "tanpa urutan topologis",
        "トポロジカル順序なし",
    ),
    "unzeroed": ("without zeroing", "tanpa dinolkan", "勾配を 0 に戻さない"),
    "still right": (
        "Up to here every gradient is still right.",
        "Sampai di sini semua gradien masih benar.",
        "ここまでの勾配はすべて正しい値です。",
    ),
    "parts here": (
        "Here it goes wrong: {node} has the gradient {result}, and {real} would be right.",
        "Di sini terjadi kesalahan: gradien {node} menjadi {result}; yang benar {real}.",
        "ここで誤りが生じます。{node} の勾配は {result} ですが、正しくは {real} です。",
    ),
    "passes early": (
        "Here it goes wrong: {node} passes {result} on before its gradient, {real}, is complete, "
        "or once again.",
        "Di sini terjadi kesalahan: {node} meneruskan {result} sebelum gradiennya, {real}, "
        "lengkap, atau sekali lagi.",
        "ここで誤りが生じます。{node} は勾配 {real} が確定する前に、または重ねて "
        "{result} を渡します。",
    ),
    "parted": (
        "Since step {number} not every gradient is right.",
        "Sejak langkah {number} tidak semua gradien benar.",
        "ステップ {number} 以降、正しくない勾配があります。",
    ),
    "forgiven": (
        "In this graph the mistake changes no gradient.",
        "Dalam graf ini kesalahan itu tidak mengubah gradien apa pun.",
        "このグラフでは、この誤りは勾配を変えません。",
    ),
    "cut off": (
        "It goes on like this, along every path; these are the first {count} steps.",
        "Begitu seterusnya, di sepanjang setiap lintasan; ini {count} langkah pertama.",
        "この先もすべての経路をたどって続きます。ここに示すのは最初の {count} ステップです。",
    ),
    "nudge": ("Nudge", "Geser sedikit", "少し動かす"),
    "nudged": (
        "{operand} changes by {change}, and so {node} by {result}.",
        "{operand} berubah {change}, jadi {node} berubah {result}.",
        "{operand} が {change} 変わると、{node} は {result} 変わります。",
    ),
    "nudge end": (
        "Δ{leaf} = {change}: predicted {predicted}, real {real}.",
        "Δ{leaf} = {change}: perkiraan {predicted}, sebenarnya {real}.",
        "Δ{leaf} = {change}：予測 {predicted}、実際 {real}。",
    ),
    "plot": (
        "The root as a function of the leaf, with its tangent",
        "Akar sebagai fungsi dari daun, dengan garis singgungnya",
        "葉の関数としての根と、その接線",
    ),
    "descents": ("The root over the descents", "Akar selama penurunan", "降下にともなう根の値"),
    "all leaves": ("all leaves", "semua daun", "すべての葉"),
    "undo": ("Undo", "Urungkan", "取り消す"),
    "more parents": ("… {count} more", "… {count} lagi", "… ほか {count} 個"),
    "layers k": (
        " (here k = {k}, k + 1 = {next})",
        " (di sini k = {k}, k + 1 = {next})",
        "（ここでは k = {k}、k + 1 = {next}）",
    ),
    "layer and unit": (
        "layer {layer}, unit {unit}",
        "lapisan {layer}, unit {unit}",
        "第 {layer} 層、ユニット {unit}",
    ),
    "layer by layer": ("Layer by layer", "Lapis demi lapis", "層ごと"),
    "example of": (
        "example {number} of {count}",
        "contoh {number} dari {count}",
        "{count} 個の例のうち {number} 番目",
    ),
    "example shown": ("Example", "Contoh", "例"),
    "all examples": ("all examples", "semua contoh", "すべての例"),
    "whole graph": ("Whole graph", "Seluruh graf", "グラフ全体"),
    "equations": ("Equations", "Persamaan", "式"),
    "lecture mode": ("Lecture mode", "Mode kuliah", "講義モード"),
    "help": ("Help and settings", "Bantuan dan pengaturan", "ヘルプと設定"),
    "close": ("Close", "Tutup", "閉じる"),
    "language": ("Language", "Bahasa", "言語"),
    "language name": ("English", "Bahasa Indonesia", "日本語"),
    "theme": ("Theme", "Tema", "配色"),
    "auto": ("automatic", "otomatis", "自動"),
    "light": ("light", "terang", "ライト"),
    "dark": ("dark", "gelap", "ダーク"),
    "picture": ("Picture of this step", "Gambar langkah ini", "このステップの図"),
    "print": ("Print", "Cetak", "印刷"),
    "keys": ("Keys", "Tombol", "キー"),
    "colours": ("Colours and lines", "Warna dan garis", "色と線"),
    "other parents": ("The node's other parents", "Induk lain dari simpul", "ノードのほかの親"),
    "walk": (
        "In the whole graph: from node to node, and to the node's step",
        "Di seluruh graf: dari simpul ke simpul, dan ke langkah simpul itu",
        "グラフ全体で：ノードからノードへ、そしてそのノードのステップへ",
    ),
    "to the step": ("Back to the step", "Kembali ke langkah", "ステップに戻る"),
    "passed on": ("passed on: a contribution", "diteruskan: kontribusi", "渡されるもの：寄与"),
    "current": ("the node of this step", "simpul langkah ini", "このステップのノード"),
    "together": (
        "symbol, box and edge that belong together",
        "simbol, kotak, dan sisi yang berpasangan",
        "対応する記号・ノード・辺",
    ),
    "stops here": (
        "an edge that passes nothing on: its local derivative is 0",
        "sisi yang tidak meneruskan apa pun: turunan lokalnya 0",
        "何も渡さない辺：局所的な微分が 0",
    ),
    "as text": (
        "The picture and the steps as text",
        "Gambar dan langkah-langkah sebagai teks",
        "図とステップ（テキスト）",
    ),
    "run to play": (
        "Run this cell to play.",
        "Jalankan sel ini untuk memutarnya.",
        "このセルを実行すると再生できます。",
    ),
    "needs scripts": (
        "Stepping through needs JavaScript, which is switched off here. The picture is that of the "
        "last step: values, gradients, and on the edges the local derivatives.",
        "Pemutar ini memerlukan JavaScript, yang dimatikan di sini. Gambar ini menunjukkan langkah "
        "terakhir: nilai, gradien, dan turunan lokal pada sisi graf.",
        "ステップの再生には JavaScript が必要ですが、ここでは無効になっています。図は最後のステップ"
        "のものです。値と勾配、辺の数値は局所的な微分です。",
    ),
}


def language(name: str) -> Choice[str]:
    """Set the language of sentences for everyone, or in `with language("ja"): ...` for that block.

    What was made keeps the language of that time. A block's language is that of its thread or
    asyncio task alone. Formulas and error messages are the same in all.

    Args:
        name: "en", "id" (Indonesian) or "ja".

    Raises:
        ValueError: there are no words in that language.

    >>> with language("id"):
    ...     say("graph")
    'Graf'
    """
    if name not in LANGUAGES:
        known = ", ".join(map(repr, LANGUAGES))
        raise ValueError(f"There are no words in the language {name!r}, only in {known}.")
    return LANGUAGE.set(name)


def layer_name(layer: int, in_language: str | None = None) -> str:
    """What the frame of a layer is called."""
    return say("layer", in_language, number=layer) if layer else say("input", in_language)


def say(key: str, in_language: str | None = None, **words: object) -> str:
    """A sentence of the table, by default in the language in force."""
    column = LANGUAGES.index(in_language or LANGUAGE.get())
    return WORDS[key][column].format_map(words)
